//! Every way in which a chat or embedding endpoint is known to fail, scripted.

use rag::error::{Error, Problem};
use rag::language::Lang;
use rag::models::chat::{ChatModel, ChatRequest, Completion, Finish, Message, Piece, Role};
use rag::models::embedder::{Embedder, PassageInput};
use rag::models::openai::{
    ApiKey, BrokenAnswer, EmbeddingsProblem, Endpoint, OpenAi, ReachProblem, RefusalProblem, RemoteEmbedder,
    RemoteForm, Timeouts,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const KEY: &str = "sk-test-4f9a1c77d0";
const SECOND: Duration = Duration::from_secs(1);

fn timeouts() -> Timeouts {
    let ms = Duration::from_millis;
    Timeouts { connect: ms(400), first_byte: ms(600), between_bytes: ms(300), answer: ms(3000), busy: ms(1500) }
}

fn endpoint(base_url: &str) -> Endpoint {
    Endpoint::new(base_url, ApiKey::new(KEY), timeouts()).unwrap()
}

fn ask(base_url: &str) -> Result<(Completion, Vec<String>), Error> {
    let model = OpenAi::new(endpoint(base_url), Some("small".into()));
    let mut pieces = Vec::new();
    let completion = model.chat(&request(), &mut |piece| match piece {
        Piece::Text(text) => pieces.push(text.to_owned()),
        Piece::Reasoning(_) => {}
        Piece::Retracted => pieces.clear(),
    })?;
    Ok((completion, pieces))
}

fn request() -> ChatRequest {
    let messages = vec![Message { role: Role::User, content: "什么是QLoRA".into() }];
    ChatRequest { messages, max_tokens: 64, temperature: 0.0, seed: 1, schema: None }
}

/// The typed problem, after checking what holds for every one: both languages, a hint, no key anywhere.
fn problem<P: Problem + Clone>(error: Error) -> P {
    let texts = [
        format!("{error:?}"),
        error.message(Lang::En),
        error.message(Lang::Zh),
        error.hint(Lang::En).unwrap_or_default(),
        error.hint(Lang::Zh).unwrap_or_default(),
    ];
    for text in &texts {
        assert!(!text.contains(KEY), "the key shows in {text}");
        assert!(!text.contains('\u{1b}'), "a terminal escape in {text}");
    }
    assert_ne!(texts[1], texts[2]);
    assert!(texts[2].chars().any(rag::language::is_han), "{}", texts[2]);
    assert_eq!(texts[3].is_empty(), texts[4].is_empty());
    error.downcast_ref::<P>().unwrap_or_else(|| panic!("another problem: {error:?}")).clone()
}

fn refusal(base_url: &str) -> RefusalProblem {
    problem(ask(base_url).unwrap_err())
}

fn broken(base_url: &str) -> BrokenAnswer {
    problem(ask(base_url).unwrap_err())
}

fn serve(mocks: impl IntoIterator<Item = Mock>) -> MockServer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = MockServer::start().await;
        for mock in mocks {
            server.register(mock).await;
        }
        server
    })
}

/// Answers to the chat path, with `template` for every call.
fn chat(template: ResponseTemplate) -> Mock {
    Mock::given(method("POST")).and(path("/v1/chat/completions")).respond_with(template)
}

fn status(code: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(code).set_body_raw(body, "application/json")
}

fn events(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(text, "text/event-stream")
}

fn chunk(delta: Value, finish: Option<&str>) -> String {
    let chunk = json!({ "model": "small-q4", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
    format!("data: {chunk}\n\n")
}

fn text(text: &str) -> String {
    chunk(json!({ "content": text }), None)
}

fn whole_stream() -> String {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":2}}"#;
    [text("QLoRA"), text("是"), chunk(json!({}), Some("stop")), format!("data: {usage}\n\ndata: [DONE]\n\n")].concat()
}

enum Act {
    Send(Vec<u8>),
    Wait(Duration),
}

fn send(bytes: impl AsRef<[u8]>) -> Act {
    Act::Send(bytes.as_ref().to_vec())
}

fn streaming_head() -> Act {
    send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
}

fn piece(body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    send([format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat())
}

/// A server that plays `acts` to its only caller, byte for byte, and hangs up.
fn play(acts: Vec<Act>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        swallow_request(&mut caller);
        for act in acts {
            match act {
                Act::Send(bytes) => drop(caller.write_all(&bytes)),
                Act::Wait(time) => std::thread::sleep(time),
            }
        }
    });
    format!("http://{address}")
}

fn swallow_request(caller: &mut TcpStream) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let got = caller.read(&mut buffer).unwrap_or(0);
        request.extend_from_slice(&buffer[..got]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        let is_tls = request.first() == Some(&0x16); // a hello that no HTTP server understands
        if got == 0 || is_tls || body.is_some_and(|body| length.is_none_or(|length| body >= length)) {
            return;
        }
    }
}

// What works, so that the faults below mean something.

#[test]
fn text_arrives_in_pieces_and_reasoning_is_not_text() {
    let thought = chunk(json!({ "role": "assistant", "content": null, "reasoning_content": "hm" }), None);
    let server = serve([Mock::given(method("POST"))
        .and(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}").as_str()))
        .and(body_partial_json(json!({
            "model": "small", "stream": true, "stream_options": { "include_usage": true },
            "max_tokens": 64, "messages": [{ "role": "user", "content": "什么是QLoRA" }]
        })))
        .respond_with(events(&format!(": ping\n\n{thought}{}", whole_stream())))]);
    for base_url in [server.uri(), format!("{}/v1/", server.uri())] {
        let (completion, pieces) = ask(&base_url).unwrap();
        assert_eq!(pieces, ["QLoRA", "是"]);
        assert_eq!((completion.text.as_str(), completion.finish), ("QLoRA是", Finish::Stop));
        assert_eq!((completion.prompt_tokens, completion.completion_tokens), (Some(30), Some(2)));
        assert_eq!(completion.model, "small-q4");
    }
}

#[test]
fn a_server_that_does_not_stream_is_accepted() {
    let body = json!({ "choices": [{ "message": { "content": "好" }, "finish_reason": "stop" }] }).to_string();
    let server = serve([chat(status(200, &body))]);
    let (completion, pieces) = ask(&server.uri()).unwrap();
    assert_eq!((completion.text.as_str(), completion.model.as_str()), ("好", "small"));
    assert_eq!(pieces, ["好"]);
}

#[test]
fn characters_cut_between_packets_are_whole_again() {
    let stream = whole_stream();
    let middle = stream.find('是').unwrap() + 1;
    let (head, tail) = stream.as_bytes().split_at(middle);
    let wait = Act::Wait(Duration::from_millis(50));
    let (completion, _) =
        ask(&play(vec![streaming_head(), piece(head), wait, piece(tail), send("0\r\n\r\n")])).unwrap();
    assert_eq!(completion.text, "QLoRA是");
}

#[test]
fn an_answer_cut_by_max_tokens_is_no_error() {
    let server = serve([chat(events(&[text("半"), chunk(json!({}), Some("length"))].concat()))]);
    assert_eq!(ask(&server.uri()).unwrap().0.finish, Finish::Length);
}

#[test]
fn a_stream_lost_after_the_model_stopped_has_lost_no_text() {
    let acts = vec![streaming_head(), piece(text("全")), piece(chunk(json!({}), Some("stop")))];
    assert_eq!(ask(&play(acts)).unwrap().0.text, "全");
}

#[test]
fn without_a_model_name_the_first_listed_is_taken() {
    let list = json!({ "data": [{ "id": "first" }, { "id": "second" }] }).to_string();
    let server = serve([
        Mock::given(path("/v1/models")).respond_with(status(200, &list)),
        Mock::given(path("/v1/chat/completions"))
            .and(body_partial_json(json!({ "model": "first" })))
            .respond_with(events(&whole_stream())),
    ]);
    OpenAi::new(endpoint(&server.uri()), None).chat(&request(), &mut |_| ()).unwrap();
}

// Nothing arrived.

#[test]
fn refused_connection() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ask(&format!("http://{address}")).unwrap_err();
    assert!(error.hint(Lang::Zh).unwrap().contains("rag llama up"));
    assert!(matches!(problem(error), ReachProblem::Refused { .. }));
}

#[test]
fn unknown_host() {
    let error = ask("http://no-such-host.invalid").unwrap_err();
    assert!(matches!(problem(error), ReachProblem::Unresolved { .. }));
}

#[test]
fn plain_server_behind_https() {
    let url = play(vec![send("HTTP/1.1 400 Bad Request\r\n\r\n")]).replace("http:", "https:");
    let error = ask(&url).unwrap_err();
    let shown = format!("{error:?}");
    assert!(matches!(problem(error), ReachProblem::Tls { .. }), "{shown}");
}

#[test]
fn connection_not_taken_in_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _guard = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    drop(_guard);
    // The queue of a listener that never accepts fills up; after that, connecting hangs.
    let patience = Duration::from_millis(100);
    let _queued: Vec<_> = (0..4).filter_map(|_| TcpStream::connect_timeout(&address, patience).ok()).collect();
    let error = ask(&format!("http://{address}")).unwrap_err();
    let ReachProblem::ConnectTimedOut { after, .. } = problem(error) else { panic!("not a connect timeout") };
    assert_eq!(after, timeouts().connect);
}

#[test]
fn redirect_is_not_followed() {
    let server = serve([chat(ResponseTemplate::new(301).insert_header("location", "https://elsewhere.example/v1"))]);
    let ReachProblem::Redirected { target, .. } = problem(ask(&server.uri()).unwrap_err()) else { panic!() };
    assert_eq!(target, "https://elsewhere.example/v1");
}

#[test]
fn key_that_no_header_can_carry() {
    let endpoint = Endpoint::new("http://127.0.0.1:9", ApiKey::new("sk-\u{3000}\nx"), timeouts()).unwrap();
    let error = OpenAi::new(endpoint, Some("m".into())).chat(&request(), &mut |_| ()).unwrap_err();
    assert_eq!(problem::<ReachProblem>(error), ReachProblem::BadKey);
}

// The server said no.

#[test]
fn wrong_key_even_if_the_server_echoes_it() {
    let body = json!({ "error": { "message": format!("Incorrect API key provided: {KEY} \u{1b}[31m") } }).to_string();
    let server = serve([chat(status(401, &body).append_header("x", "y")).expect(1)]);
    let RefusalProblem::Unauthorized { status, key_sent, words, .. } = refusal(&server.uri()) else { panic!() };
    assert_eq!((status, key_sent), (401, true));
    assert_eq!(words, "Incorrect API key provided: [api key] [31m");
}

#[test]
fn no_key_where_one_is_due() {
    let server = serve([chat(status(403, "{}"))]);
    let endpoint = Endpoint::new(&server.uri(), None, timeouts()).unwrap();
    let error = OpenAi::new(endpoint, Some("m".into())).chat(&request(), &mut |_| ()).unwrap_err();
    assert!(error.message(Lang::En).contains("no API key was sent"));
    assert!(matches!(problem(error), RefusalProblem::Unauthorized { key_sent: false, .. }));
}

#[test]
fn no_such_path() {
    let server = serve([]);
    let RefusalProblem::NoSuchPath { path, .. } = refusal(&server.uri()) else { panic!() };
    assert_eq!(path, "/v1/chat/completions");
}

#[test]
fn unknown_model_lists_the_known_ones() {
    let list = json!({ "data": [{ "id": "qwen-a" }, { "id": "qwen-b" }] }).to_string();
    let cases = [
        (404, json!({ "error": { "message": "The model `small` does not exist", "code": "model_not_found" } })),
        (400, json!({ "error": { "message": "invalid model name small" } })),
    ];
    for (code, body) in cases {
        let models = Mock::given(path("/v1/models")).respond_with(status(200, &list));
        let server = serve([chat(status(code, &body.to_string())), models]);
        let error = ask(&server.uri()).unwrap_err();
        assert_eq!(error.hint(Lang::En).unwrap(), "for example --model qwen-a");
        let RefusalProblem::UnknownModel { model, available, .. } = problem(error) else { panic!() };
        assert_eq!((model.as_str(), available), ("small", vec!["qwen-a".to_owned(), "qwen-b".to_owned()]));
    }
}

#[test]
fn rate_limit_is_waited_out_as_the_server_asks() {
    let limited = chat(status(429, "{}").insert_header("retry-after", "1")).up_to_n_times(1).expect(1);
    let server = serve([limited, chat(events(&whole_stream()))]);
    let start = std::time::Instant::now();
    assert_eq!(ask(&server.uri()).unwrap().0.text, "QLoRA是");
    assert!(start.elapsed() >= SECOND, "{:?}", start.elapsed());
}

#[test]
fn rate_limit_longer_than_the_patience_is_told_at_once() {
    let server = serve([chat(status(429, "{}").insert_header("retry-after", "30")).expect(1)]);
    let start = std::time::Instant::now();
    let RefusalProblem::RateLimited { asked, .. } = refusal(&server.uri()) else { panic!() };
    assert_eq!(asked, Some(Duration::from_secs(30)));
    assert!(start.elapsed() < SECOND);
}

#[test]
fn spent_quota_is_not_waited_for() {
    let body = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota"}}"#;
    let server = serve([chat(status(429, body)).expect(1)]);
    assert!(matches!(refusal(&server.uri()), RefusalProblem::RateLimited { .. }));
}

#[test]
fn loading_is_waited_for_within_a_limit() {
    let body = r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#;
    let server = serve([chat(status(503, body)).up_to_n_times(2), chat(events(&whole_stream()))]);
    assert_eq!(ask(&server.uri()).unwrap().0.text, "QLoRA是");
    let server = serve([chat(status(503, body)).expect(2..)]);
    let RefusalProblem::Loading { waited, .. } = refusal(&server.uri()) else { panic!() };
    assert!(waited <= timeouts().busy);
}

#[test]
fn context_too_long() {
    let body = r#"{"error":{"code":400,"message":"request (12029 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error"}}"#;
    let server = serve([chat(status(400, body)).expect(1)]);
    let RefusalProblem::ContextTooLong { words, .. } = refusal(&server.uri()) else { panic!() };
    assert!(words.contains("12029"));
}

#[test]
fn other_refusals_carry_the_servers_words_and_are_not_repeated() {
    let server = serve([chat(status(400, r#"{"error":{"message":"messages must alternate"}}"#)).expect(1)]);
    let RefusalProblem::Rejected { status: 400, words, .. } = refusal(&server.uri()) else { panic!() };
    assert_eq!(words, "messages must alternate");
    // A hiccup would have passed.
    let server = serve([chat(status(500, "boom")).expect(2)]);
    let RefusalProblem::ServerFailed { status: 500, words, .. } = refusal(&server.uri()) else { panic!() };
    assert_eq!(words, "boom");
}

// The answer is not whole.

#[test]
fn empty_answer() {
    let empty = [chunk(json!({ "content": "" }), None), chunk(json!({}), Some("stop"))].concat();
    let server = serve([chat(events(&empty))]);
    assert!(matches!(broken(&server.uri()), BrokenAnswer::Empty { finish: Finish::Stop, reasoned: false, .. }));
    let thought = chunk(json!({ "reasoning_content": "long thoughts" }), None);
    let server = serve([chat(events(&[thought, chunk(json!({}), Some("length"))].concat()))]);
    assert!(matches!(broken(&server.uri()), BrokenAnswer::Empty { finish: Finish::Length, reasoned: true, .. }));
}

#[test]
fn stream_that_ends_too_early_keeps_its_text() {
    let half = text("QLoRA 是");
    let endings = [
        vec![streaming_head(), piece(&half), send("0\r\n\r\n")], // a clean end, without the model's
        vec![streaming_head(), piece(&half)],                    // hung up
        vec![streaming_head(), piece(&half), piece("data: {\"choi")], // hung up inside a chunk
        vec![streaming_head(), piece(&half), send("ff\r\ndata: {\"")], // hung up inside an HTTP chunk
    ];
    for acts in endings {
        let BrokenAnswer::CutStream { partial, .. } = broken(&play(acts)) else { panic!() };
        assert_eq!(partial, "QLoRA 是");
    }
}

/// What is no chunk is passed over, for servers say much between their words; but an answer that does not end is cut,
/// and one of nothing else is told as what it is.
#[test]
fn malformed_chunk() {
    for bad in ["data: {\"choices\":[{\"delta\n\n".as_bytes(), b"data: [1,2]\n\n", b"data: \xff\xfe\n\n"] {
        let acts = vec![streaming_head(), piece(text("前半")), piece(bad), send("0\r\n\r\n")];
        let BrokenAnswer::CutStream { partial, .. } = broken(&play(acts)) else { panic!() };
        assert_eq!(partial, "前半");
        let acts = vec![streaming_head(), piece(text("QLoRA")), piece(bad), piece(whole_stream()), send("0\r\n\r\n")];
        assert_eq!(ask(&play(acts)).unwrap().0.text, "QLoRAQLoRA是");
    }
    let acts = vec![streaming_head(), piece("data: gateway timeout\n\n"), send("0\r\n\r\n")];
    assert!(matches!(broken(&play(acts)), BrokenAnswer::Malformed { .. }));
}

#[test]
fn error_in_the_middle_of_a_stream() {
    let error = format!("data: {{\"error\":{{\"message\":\"slot died, {KEY}\"}}}}\n\n");
    let server = serve([chat(events(&[text("前半"), error].concat()))]);
    let BrokenAnswer::Failed { words, partial, .. } = broken(&server.uri()) else { panic!() };
    assert_eq!((words.as_str(), partial.as_str()), ("slot died, [api key]", "前半"));
}

#[test]
fn body_that_is_not_json() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>router login</html>", "text/html");
    let server = serve([chat(page)]);
    let BrokenAnswer::NotJson { content_type, excerpt, .. } = broken(&server.uri()) else { panic!() };
    assert_eq!((content_type.as_str(), excerpt.as_str()), ("text/html", "<html>router login</html>"));
}

#[test]
fn json_that_is_no_answer() {
    let server = serve([chat(status(200, r#"{"hello":"world"}"#))]);
    assert!(matches!(broken(&server.uri()), BrokenAnswer::Malformed { .. }));
}

#[test]
fn silence_before_the_first_byte() {
    let silent = [vec![Act::Wait(SECOND * 2)], vec![streaming_head(), Act::Wait(SECOND * 2)]];
    for acts in silent {
        let BrokenAnswer::NoFirstByte { after, .. } = broken(&play(acts)) else { panic!() };
        assert_eq!(after, timeouts().first_byte);
    }
}

#[test]
fn silence_in_the_middle() {
    let acts = vec![streaming_head(), piece(text("半")), Act::Wait(SECOND * 2)];
    let BrokenAnswer::Silent { after, partial, .. } = broken(&play(acts)) else { panic!() };
    assert_eq!((after, partial.as_str()), (timeouts().between_bytes, "半"));
}

/// While it reads the prompt, and no longer: keep-alives are no words.
#[test]
fn keep_alives_stop_no_clock() {
    let reading = |times: usize| {
        let mut acts = vec![streaming_head()];
        for _ in 0..times {
            acts.extend([piece(": still reading\n\n"), piece("data: {\"choices\":[]}\n\n"), Act::Wait(SECOND / 10)]);
        }
        acts
    };
    let mut patient = reading(3);
    patient.extend([piece(whole_stream()), send("0\r\n\r\n")]);
    assert_eq!(ask(&play(patient)).unwrap().0.text, "QLoRA是");
    assert!(matches!(broken(&play(reading(20))), BrokenAnswer::NoFirstByte { .. }));
    let mut stuck = reading(1);
    stuck.push(piece(text("前半")));
    stuck.extend(reading(20).split_off(1));
    let BrokenAnswer::Silent { partial, .. } = broken(&play(stuck)) else { panic!() };
    assert_eq!(partial, "前半");
}

#[test]
fn an_answer_without_end_is_cut_by_the_clock_or_by_its_length() {
    let mut slow = vec![streaming_head()];
    for _ in 0..40 {
        slow.extend([piece(text("字")), Act::Wait(SECOND / 10)]);
    }
    let BrokenAnswer::Overdue { partial, .. } = broken(&play(slow)) else { panic!() };
    assert!(partial.chars().count() > 9, "{partial}");
    let mut long = vec![streaming_head()];
    long.extend((0..4000).map(|_| piece(text("word "))));
    let (completion, pieces) = ask(&play(long)).unwrap();
    assert_eq!((completion.finish, pieces.len() < 300), (Finish::Length, true));
}

// llama.cpp's own paths: detected, never assumed.

#[test]
fn without_llama_cpp_nothing_is_counted_and_no_schema_is_sent() {
    let server = serve([chat(events(&whole_stream()))]);
    let model = OpenAi::new(endpoint(&server.uri()), Some("small".into()));
    assert_eq!(model.count_tokens(&["a"]).unwrap(), None);
    assert_eq!(model.context_window().unwrap(), None);
    assert!(!model.honours_schema().unwrap());
    let request = ChatRequest { schema: Some(json!({ "type": "object" })), ..request() };
    model.chat(&request, &mut |_| ()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seen = runtime.block_on(server.received_requests()).unwrap();
    let body: Value = seen.last().unwrap().body_json().unwrap();
    assert_eq!(body.get("response_format"), None);
}

#[test]
fn with_llama_cpp_tokens_are_counted_in_order() {
    let props = json!({ "default_generation_settings": { "n_ctx": 4096 } }).to_string();
    let tokenize = |request: &Request| {
        let body: Value = request.body_json().unwrap();
        let tokens = vec![1; body["content"].as_str().unwrap().len()];
        ResponseTemplate::new(200).set_body_json(json!({ "tokens": tokens }))
    };
    let server = serve([
        Mock::given(path("/props")).respond_with(status(200, &props)).expect(1),
        Mock::given(path("/tokenize")).respond_with(tokenize).expect(6),
        chat(events(&whole_stream())).expect(1),
    ]);
    let model = OpenAi::new(endpoint(&server.uri()), Some("small".into()));
    assert_eq!(model.context_window().unwrap(), Some(4096));
    let counts = model.count_tokens(&["aaaa", "", "a", "aa", "aaaaa", "aaa"]).unwrap();
    assert_eq!(counts, Some(vec![4, 0, 1, 2, 5, 3]));
    model.chat(&ChatRequest { schema: Some(json!({ "type": "object" })), ..request() }, &mut |_| ()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let seen = runtime.block_on(server.received_requests()).unwrap();
    let body: Value = seen.last().unwrap().body_json().unwrap();
    assert_eq!(body["response_format"]["json_schema"]["schema"], json!({ "type": "object" }));
}

// Embeddings.

/// `vector` makes the item for a text and its index; the items are sent in reverse.
fn embeddings(vector: impl Fn(&str, usize) -> Value + Send + Sync + 'static) -> Mock {
    Mock::given(path("/v1/embeddings")).respond_with(move |request: &Request| {
        let body: Value = request.body_json().unwrap();
        let texts = body["input"].as_array().unwrap();
        let items = texts.iter().enumerate().map(|(index, text)| vector(text.as_str().unwrap(), index)).rev();
        ResponseTemplate::new(200).set_body_json(json!({ "data": items.collect::<Vec<_>>() }))
    })
}

fn connect(server: &MockServer) -> Result<RemoteEmbedder, Error> {
    let form = RemoteForm { query_prefix: "query: ".into(), passage_prefix: "title: {title} | text: ".into() };
    RemoteEmbedder::connect(endpoint(&server.uri()), "embedder", form)
}

#[test]
fn embeddings_come_back_in_the_order_of_the_texts_over_batches() {
    let server =
        serve([embeddings(|text, index| json!({ "index": index, "embedding": [text.len(), 1, 0] })).expect(3)]);
    let embedder = connect(&server).unwrap();
    assert_eq!((embedder.id().dim, embedder.id().name.as_str()), (3, "embedder"));
    let bodies: Vec<_> = (0..40).map(|length| "x".repeat(length)).collect();
    let passages: Vec<_> = bodies.iter().map(|body| PassageInput { title: "", body }).collect();
    let ratios = embedder.embed_passages(&passages).unwrap().into_iter().map(|e| e.as_slice()[0] / e.as_slice()[1]);
    let expected: Vec<_> = (0..40).map(|length| "title: none | text: ".len() + length).collect();
    assert_eq!(ratios.map(|ratio| ratio.round() as usize).collect::<Vec<_>>(), expected);
}

#[test]
fn embeddings_that_do_not_fit_the_texts() {
    let check = |mock: Mock, expect: fn(&EmbeddingsProblem) -> bool| {
        let server = serve([mock]);
        let result = connect(&server).and_then(|embedder| embedder.embed_queries(&["one", "two"]));
        let problem: EmbeddingsProblem = problem(result.unwrap_err());
        assert!(expect(&problem), "{problem:?}");
    };
    check(embeddings(|_, _| json!({ "index": 0, "embedding": [1.0] })), |problem| {
        matches!(problem, EmbeddingsProblem::Index { missing: 1, .. })
    });
    check(embeddings(|text, index| json!({ "index": index, "embedding": vec![1.0; text.len()] })), |problem| {
        matches!(problem, EmbeddingsProblem::Dim { expected: 5, got: 10, .. })
    });
    check(embeddings(|_, index| json!({ "index": index, "embedding": [0.0, 0.0] })), |problem| {
        matches!(problem, EmbeddingsProblem::NoDirection { .. })
    });
    let one = json!({ "data": [{ "index": 0, "embedding": [1.0] }] }).to_string();
    check(Mock::given(path("/v1/embeddings")).respond_with(status(200, &one)), |problem| {
        matches!(problem, EmbeddingsProblem::Count { asked: 2, got: 1, .. })
    });
}

#[test]
fn a_chat_server_without_embeddings_says_so_in_its_own_words() {
    let body =
        r#"{"error":{"code":501,"message":"This server does not support embeddings. Start it with `--embeddings`"}}"#;
    let server = serve([Mock::given(path("/v1/embeddings")).respond_with(status(501, body))]);
    let RefusalProblem::ServerFailed { words, .. } = problem(connect(&server).unwrap_err()) else { panic!() };
    assert!(words.contains("--embeddings"));
}
