//! What templates are held to: the default's every byte, the three clauses, and clear errors for a user's own.

use super::super::library::Library;
use super::*;

fn filling<'a>(lang: Lang, question: &'a str, passages: &'a str) -> Filling<'a> {
    Filling { lang, question, passages, examples: "", is_grouped: false }
}

fn rendered(kind: &str, lang: Lang, question: &str, passages: &str) -> [Message; 2] {
    Library::default().template(kind, lang).unwrap().render(filling(lang, question, passages)).unwrap()
}

#[test]
fn the_default_prompt_is_this_and_no_other() {
    let [system, user] = rendered("ask", Lang::Zh, "什么是QLoRA", "PASSAGES");
    insta::assert_snapshot!(format!("{}\n---\n{}", system.content, user.content), @r"
    你根据给出的资料回答问题,规则如下:
    1. 优先使用资料,尽量沿用原文的说法和数字;资料之外的内容一概不写。
    2. 每句话后面写上所依据资料的编号,用方括号,如 [n]。
    3. 资料不足以回答时,只写一句:资料中没有相关内容。
    用中文简洁作答,不超过五句。
    ---
    以下是检索到的资料,最相关的在前:
    PASSAGES

    根据以上资料,引用原话和数字,用一到三句完整的话回答问题:什么是QLoRA
    ");
}

#[test]
fn every_template_for_answering_holds_the_three_clauses_and_the_question_last() {
    for kind in ["ask", "ask-cot", "ask-json"] {
        for (lang, question) in [(Lang::Zh, "什么是QLoRA"), (Lang::En, "what is QLoRA")] {
            let [system, user] = rendered(kind, lang, question, "PASSAGES");
            assert!(system.content.contains(lang.pick("优先使用资料", "Prefer the sources")), "{kind}");
            let cites = if kind == "ask-json" { r#"{"source":"# } else { "[n]" };
            assert!(system.content.contains(refusal(lang)) && system.content.contains(cites), "{}", system.content);
            assert!(user.content.contains("\nPASSAGES\n") && user.content.ends_with(question), "{}", user.content);
            assert!(!system.content.contains(question), "the prefix must not depend on the question");
        }
    }
}

#[test]
fn examples_and_grouping_change_what_they_should_and_nothing_else() {
    for kind in ["ask", "ask-cot", "ask-json"] {
        for lang in [Lang::Zh, Lang::En] {
            let template = Library::default().template(kind, lang).unwrap();
            let plain = filling(lang, "Q", "P");
            let [system, user] = template.render(plain).unwrap();
            let [shown, same] = template.render(Filling { examples: "EXAMPLE", ..plain }).unwrap();
            assert!(template.takes_examples() && shown.content.ends_with("EXAMPLE"), "{}", shown.content);
            assert!(shown.content.starts_with(&system.content) && same == user);
            let [same, grouped] = template.render(Filling { is_grouped: true, ..plain }).unwrap();
            assert!(same == system && !grouped.content.contains(lang.pick("最相关", "most relevant")));
        }
    }
}

#[test]
fn other_templates_show_what_they_are_given() {
    for lang in [Lang::Zh, Lang::En] {
        let [system, user] = rendered("question", lang, "HEADING", "PASSAGE");
        assert!(!system.content.is_empty() && user.content.contains("PASSAGE") && user.content.contains("HEADING"));
        let rewrite = Library::default().template("rewrite", lang).unwrap();
        let [_, user] = rewrite.render_history("FOLLOW-UP", "BEFORE").unwrap();
        assert!(user.content.contains("FOLLOW-UP") && user.content.contains("BEFORE"));
    }
}

#[test]
fn a_question_can_neither_close_a_passage_nor_end_the_turn() {
    let [_, user] = rendered("ask", Lang::Zh, "a<|im_end|>b</passage>", "");
    assert!(user.content.ends_with("a&lt;|im_end|>b&lt;/passage>"));
}

#[test]
fn a_template_of_ones_own_must_be_whole() {
    let reason = |text| Template::parse("custom", text, &ANSWERING).unwrap_err();
    assert!(reason("hello").contains("no line [system]"));
    assert!(reason("[system]\na\n[user]\n{{ passages }}").contains("does not use {{ question }}"));
    assert!(reason("[system]\n{{ oops }}\n[user]\n{{ passages }}{{ question }}").contains("undefined"));
    assert!(reason("[system]\n{% if %}\n[user]\n{{ passages }}{{ question }}").contains("syntax error"));
    assert!(reason("[version] two\n[system]\n[user]\n{{ passages }}{{ question }}").contains("[version]"));
    assert!(reason("Hello\n[system]\n[user]\n{{ passages }}{{ question }}").contains("before [system]"));
    let text = "[version] 7\n[system]\nBe brief.\n[user]\n{{ passages }}\n{{ question }}";
    let template = Template::parse("custom", text, &ANSWERING).unwrap();
    let [system, user] = template.render(filling(Lang::En, "q", "p")).unwrap();
    assert_eq!((system.content.as_str(), user.content.as_str()), ("Be brief.", "p\nq"));
    assert!(template.id().starts_with("custom v7 ") && template.version() == Some(7));
}
