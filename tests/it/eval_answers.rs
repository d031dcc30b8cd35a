//! `rag eval answers`, `rag eval rgb`, `rag diagnose` and ablations of answers.

use crate::support::{free_port, home, outcome, rag};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A suite of three questions, of which the last is answered nowhere.
pub fn suite() -> tempfile::TempDir {
    let suite = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(suite.path().join(name), text).unwrap();
    fs::create_dir(suite.path().join("docs")).unwrap();
    put("docs/cat.md", "# 猫\n\n成年猫一天喂两次。清水要一直备着。\n\nAdult cats eat twice a day.\n");
    put("docs/car.md", "# 汽车\n\n机油每 5,000 公里更换一次。轮胎气压每月检查。\n");
    put("suite.toml", "name = \"small\"\ndocuments = \"docs\"\nunranked = [\"U\"]\n");
    let topic =
        |id: &str, kind: &str, text: &str| json!({"id": id, "type": kind, "split": "dev", "text": text}).to_string();
    put(
        "topics.jsonl",
        &[
            topic("q1", "D", "成年猫一天喂几次"),
            topic("q2", "D", "机油多少公里更换"),
            topic("u1", "U", "明朝开国皇帝是谁"),
        ]
        .join("\n"),
    );
    put("qrels.tsv", "q1 0 cat.md 2\nq2 0 car.md 2\n");
    let line = |id: &str, docs: &[&str], must: Value, abstain: &str| {
        json!({"qid": id, "required_docs": docs, "must": must, "must_not": ["朱"], "abstain": abstain, "max_chars": 100})
            .to_string()
    };
    put(
        "answers.jsonl",
        &[
            line("q1", &["cat.md"], json!([["三次"]]), "no"),
            line("q2", &["car.md"], json!([["5000公里"]]), "no"),
            line("u1", &[], json!([]), "yes"),
        ]
        .join("\n"),
    );
    suite
}

/// A server that writes `answer` and nothing else, or the first whose words stand in the request.
pub fn scripted(answers: &[(&str, &str)]) -> MockServer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await;
        for (words, answer) in answers {
            let delta = json!({ "model": "small", "choices": [{ "delta": { "content": answer }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110 } });
            let stream = format!("data: {delta}\n\ndata: [DONE]\n\n");
            let completions = Mock::given(method("POST")).and(path("/v1/chat/completions"));
            let completions = completions.and(wiremock::matchers::body_string_contains(*words));
            let template = ResponseTemplate::new(200).set_body_raw(stream, "text/event-stream");
            server.register(completions.respond_with(template)).await;
        }
        server
    })
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn share(card: &Value, name: &str) -> (f64, u64) {
    (card[name]["value"].as_f64().unwrap(), card[name]["of"].as_u64().unwrap())
}

#[test]
fn answers_are_checked_by_assertions_and_an_interrupted_run_goes_on() {
    let (home, suite) = (home(), suite());
    let asked = suite.path().join("asked.jsonl");
    let html = suite.path().join("card.html");
    let run = |extra: &[&str]| {
        let args = ["eval", "answers", suite.path().to_str().unwrap(), "--extractive", "--json", "--asked"];
        let (code, out, err) = outcome(rag(home.path()).args(args).arg(&asked).args(extra));
        (code, serde_json::from_str::<Value>(&out).unwrap_or_default(), err)
    };
    let (code, card, err) = run(&["--limit", "1", "--slices", "D"]);
    assert_eq!((code, &card["questions"]), (0, &json!(1)), "{err}");
    // Killed in the middle of a line.
    let begun = fs::read_to_string(&asked).unwrap();
    fs::write(&asked, format!("{begun}{{\"id\":\"q2\",\"sl")).unwrap();
    let (code, card, err) = run(&["--html", html.to_str().unwrap()]);
    assert_eq!(code, 0, "{err}");
    assert!(fs::read_to_string(&asked).unwrap().starts_with(&begun));
    assert_eq!(
        (share(&card, "pass"), share(&card, "cited"), share(&card, "refusal_recall")),
        ((0.5, 2), (1.0, 2), (1.0, 1)),
        "{card}"
    );
    let all = ["citation_valid", "supported", "schema_valid", "in_language"].map(|name| share(&card, name).0);
    assert_eq!((all, share(&card, "unsupported_number")), ([1.0; 4], (0.0, 2)), "{card}");
    assert_eq!(share(&card["slices"]["U"], "refusal_recall"), (1.0, 1));
    let asked_lines = lines(&asked);
    assert_eq!((asked_lines.len(), &asked_lines[0]["run"]), (4, &json!("answers")));
    assert_eq!(asked_lines[1]["failures"], json!(["must: 三次"]));
    assert_eq!((&asked_lines[2]["passed"], &asked_lines[3]["reason"]), (&json!(true), &json!("off_topic")));
    let page = fs::read_to_string(html).unwrap();
    assert!(
        page.contains("成年猫一天喂几次") && page.contains("must: 三次") && page.contains("成年猫一天喂两次。"),
        "{page}"
    );
    // Nothing is asked twice, and results of other settings are not mixed in.
    let before = fs::read(&asked).unwrap();
    assert_eq!((run(&[]).0, fs::read(&asked).unwrap() == before), (0, true));
    let other = ["eval", "answers", suite.path().to_str().unwrap(), "--extractive", "--asked"];
    let (code, _, err) = outcome(rag(home.path()).env("RAG_PASSAGES", "1").args(other).arg(&asked));
    assert!(code == 2 && err.contains("chat.passages=1") && err.contains("hint: "), "{err}");
    assert_eq!(fs::read(&asked).unwrap(), before);
    // What is expected may be put right without asking again; other documents are another run.
    let answers = suite.path().join("answers.jsonl");
    fs::write(&answers, fs::read_to_string(&answers).unwrap().replace("三次", "两次")).unwrap();
    assert_eq!((share(&run(&[]).1, "pass"), fs::read(&asked).unwrap() == before), ((1.0, 2), true));
    let (code, out, _) = outcome(rag(home.path()).args(["eval", "answers", "--from"]).arg(&asked));
    assert!(code == 0 && out.contains("all assertions hold"), "{out}");
    fs::write(suite.path().join("docs/new.md"), "# 新\n\n新写的一篇。\n").unwrap();
    let (code, _, err) = run(&[]);
    assert!(code == 2 && err.contains("documents: "), "{err}");
    let (code, _, err) = run(&["--slices", "Z"]);
    assert!(code == 2 && err.contains("hint: one of D, U"), "{err}");
}

#[test]
fn a_model_that_wavers_or_adds_numbers_is_found_out() {
    let (home, suite) = (home(), suite());
    let run = |server: &MockServer, extra: &[&str]| {
        let base_url = format!("{}/v1", server.uri());
        let args = ["eval", "answers", suite.path().to_str().unwrap(), "--json"];
        let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", base_url).args(args).args(extra));
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    // The last sentence is marked; the one before it asks, and so is not.
    let server = scripted(&[("", "成年猫一天喂两次[1]。还是 99 次?\n机油每 7000 公里更换一次。")]);
    let card = run(&server, &["--limit", "1", "--slices", "D", "--repeat", "2"]);
    assert_eq!(share(&card, "unsupported_number"), (1.0, 2), "{card}");
    assert_eq!(share(&card, "supported"), (0.5, 4), "{card}");
    assert_eq!((&card["stability"]["repeats"], share(&card["stability"], "changed")), (&json!(2), (0.0, 1)));
    assert_eq!((&card["model"], &card["prompt_tokens"]["mean"]), (&Value::Null, &json!(100.0)), "{card}");
    let english = scripted(&[("", "Adult cats eat twice a day [1].")]);
    let card = run(&english, &["--limit", "1", "--slices", "D"]);
    assert_eq!(share(&card, "in_language"), (0.0, 1), "{card}");
}

#[test]
fn a_server_that_is_gone_ends_the_run_instead_of_failing_every_question() {
    let (home, suite) = (home(), suite());
    let asked = suite.path().join("asked.jsonl");
    let nobody = format!("http://127.0.0.1:{}/v1", free_port());
    let args = ["eval", "answers", suite.path().to_str().unwrap(), "--asked"];
    let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", &nobody).args(args).arg(&asked));
    assert!(code == 2 && out.is_empty() && err.contains(&nobody), "{out}{err}");
    assert!(!asked.exists());
}

#[test]
fn a_diagnosis_names_the_place_where_a_question_failed() {
    let (home, suite) = (home(), suite());
    let folder = suite.path().to_str().unwrap();
    let diagnose = |answer: &str, topic: &str, extra: &[&str]| {
        let server = scripted(&[("", answer)]);
        let base_url = format!("{}/v1", server.uri());
        let args = ["diagnose", folder, topic, "--json"];
        let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", base_url).args(args).args(extra));
        (code, serde_json::from_str::<Value>(&out).unwrap_or_else(|_| panic!("{err}")))
    };
    let (code, passed) = diagnose("机油每 5,000 公里更换一次[1]。", "q2", &[]);
    assert_eq!((code, &passed["label"]), (0, &json!("passed")), "{passed}");
    assert!(passed["messages"][1]["content"].as_str().unwrap().contains("机油每 5,000 公里更换一次。"), "{passed}");
    let fate = &passed["required"][0];
    assert_eq!((&fate["doc"], &fate["given"], &fate["last"]), (&json!("car.md"), &json!(true), &json!(1)), "{passed}");
    let labels = [
        // No passage says three times.
        ("成年猫一天喂两次[1]。", "q1", "not_retrieved"),
        ("轮胎气压每月检查[1]。", "q2", "not_used"),
        ("机油每 7,000 公里更换一次。轮胎气压每月检查[1]。", "q2", "over_claimed"),
        ("资料中没有相关内容。", "q2", "wrongly_refused"),
    ];
    for (answer, topic, expect) in labels {
        let (code, diagnosis) = diagnose(answer, topic, &[]);
        assert_eq!((code, &diagnosis["label"]), (1, &json!(expect)), "{diagnosis}");
    }
    fs::write(suite.path().join("docs/oil.md"), "# 机油\n\n机油多少公里更换:看手册。机油多少公里更换一次因车而异。\n")
        .unwrap();
    let (_, diagnosis) = diagnose("机油更换看手册[1]。", "q2", &["-n", "1"]);
    assert_eq!(
        (&diagnosis["label"], &diagnosis["elsewhere"][0]["chunk"]),
        (&json!("packed_out"), &json!("car.md#0")),
        "{diagnosis}"
    );
    let (code, out, _) = outcome(rag(home.path()).args(["diagnose", folder, "q2", "--extractive"]));
    assert!(code <= 1 && out.contains("no model was asked") && out.contains("car.md"), "{out}");
    let (code, _, err) = outcome(rag(home.path()).args(["diagnose", folder, "q9", "--extractive"]));
    assert!(code == 2 && err.contains("q9"), "{err}");
}

#[test]
fn rows_of_answers_are_compared_with_the_default() {
    let (home, suite) = (home(), suite());
    let file = suite.path().join("rows.toml");
    let rows = "suite = \".\"\nkind = \"answers\"\n[[row]]\nname = \"one passage\"\nset = { \"chat.passages\" = 1 }\n\
        [[row]]\nname = \"all of them\"\nset = { \"chat.stuff_all\" = true, \"chat.shuffle\" = 3 }\n";
    fs::write(&file, rows).unwrap();
    let kept = suite.path().join("kept");
    let args = ["eval", "ablate", file.to_str().unwrap(), "--extractive", "--json", "--asked", kept.to_str().unwrap()];
    let (code, out, err) = outcome(rag(home.path()).args(args));
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "one passage", "all of them"]);
    assert_eq!((&rows[0]["differences"], &rows[1]["differences"]["pass"]["delta"]), (&json!({}), &json!(0.0)), "{out}");
    assert_eq!(share(&rows[2]["card"], "pass"), (0.5, 2));
    assert_eq!(lines(&kept.join("one-passage.jsonl"))[1]["given"].as_array().unwrap().len(), 1);
    assert_eq!(lines(&kept.join("all-of-them.jsonl"))[1]["given"].as_array().unwrap().len(), 2);
}

#[test]
fn rgb_gives_its_passages_and_counts_what_stands_in_the_answer() {
    let (home, dir) = (home(), tempfile::tempdir().unwrap());
    let corpus = [
        ("p1", "小镇的桥建于 1901 年。"),
        ("p2", "桥长 80 米。"),
        ("n1", "镇上有三家面馆。"),
        ("n2", "面馆早上六点开门。"),
    ];
    let line = |(id, text): &(&str, &str)| json!({"_id": id, "title": "", "text": text}).to_string();
    fs::write(dir.path().join("corpus.jsonl"), corpus.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    let base = json!({"_id": "t1", "kind": "noise", "query": "小镇的桥建于哪一年", "accept": [[["1901"]]],
        "positive": ["p1"], "negative": ["n1", "n2"]});
    let with = |changes: Value| {
        let mut task = base.clone();
        task.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        task.to_string()
    };
    let tasks = [
        base.to_string(),
        with(
            json!({"_id": "t2", "kind": "integration", "query": "小镇的桥建于哪一年,长多少", "accept": [[["1901"], ["80"]]],
            "positive": ["p1", "p2"], "positive_groups": [["p1"], ["p2"]]}),
        ),
        with(json!({"_id": "t3", "kind": "counterfactual", "fake_answer": "1910",
            "positive_wrong": ["小镇的桥建于 1910 年。"]})),
    ];
    fs::write(dir.path().join("rag_tasks.jsonl"), tasks.join("\n")).unwrap();
    let asked = dir.path().join("asked.jsonl");
    let args = [
        "eval",
        "rgb",
        dir.path().to_str().unwrap(),
        "--ratios",
        "0,0.6",
        "--json",
        "--asked",
        asked.to_str().unwrap(),
    ];
    // It answers with the year it is given, and refuses where it is given none.
    let server = scripted(&[
        ("1901", "小镇的桥建于 1901 年[1]。"),
        ("1910", "小镇的桥建于 1910 年[1]。"),
        ("", "资料中没有相关内容。"),
    ]);
    let base_url = format!("{}/v1", server.uri());
    let (code, out, err) = outcome(rag(home.path()).env("RAG_BASE_URL", &base_url).args(args));
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let cells: Vec<(String, f64, f64, f64)> = report["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| {
            let number = |value: &Value| value.as_f64().unwrap();
            let name = format!("{} {}", cell["ability"].as_str().unwrap(), number(&cell["ratio"]));
            (name, number(&cell["exact"]["value"]), number(&cell["partial"]), number(&cell["rejected"]["value"]))
        })
        .collect();
    let expect = [
        ("noise 0", 1.0, 1.0, 0.0),
        ("noise 0.6", 1.0, 1.0, 0.0),
        ("rejection 1", 0.0, 0.0, 1.0),
        ("integration 0", 0.0, 0.5, 0.0),
        ("counterfactual 0", 0.0, 0.0, 0.0),
    ];
    assert_eq!(
        cells,
        expect.map(|(name, exact, partial, rejected)| (name.to_string(), exact, partial, rejected)),
        "{out}"
    );
    assert_eq!(report["cells"][4]["fake"]["value"], json!(1.0));
    assert_eq!(lines(&asked).len(), 6);
    let (code, again, _) = outcome(rag(home.path()).env("RAG_BASE_URL", &base_url).args(args));
    assert_eq!((code, again), (0, out));
    let (code, _, err) =
        outcome(rag(home.path()).args(["eval", "rgb", dir.path().to_str().unwrap(), "--kinds", "noisy"]));
    assert!(code == 2 && err.contains("hint: one of noise, rejection"), "{err}");
}
