//! The real path: a running llama.cpp server with a real small model.

use crate::support::llama_base_url;
use rag::models::chat::{ChatModel, ChatRequest, Finish, Message, Piece, Role};
use rag::models::openai::{Endpoint, OpenAi, Timeouts};
use serde_json::{Value, json};

fn model() -> OpenAi {
    OpenAi::new(Endpoint::new(llama_base_url(), None, Timeouts::default()).unwrap(), None)
}

fn request(question: &str, max_tokens: u32) -> ChatRequest {
    let messages = vec![Message { role: Role::User, content: question.into() }];
    ChatRequest { messages, max_tokens, temperature: 0.0, seed: 1, schema: None }
}

#[test]
fn it_streams_an_answer_and_reports_what_it_cost() {
    let mut pieces = Vec::new();
    let answer = model()
        .chat(&request("用一句中文说明什么是检索。", 48), &mut |piece| match piece {
            Piece::Text(text) => pieces.push(text.to_owned()),
            other => panic!("{other:?}"),
        })
        .unwrap();
    assert_eq!(pieces.concat(), answer.text);
    assert!(pieces.len() > 3, "{pieces:?}");
    assert!(answer.text.chars().any(rag::language::is_han), "{}", answer.text);
    assert!(answer.prompt_tokens.unwrap() > 10 && answer.completion_tokens.unwrap() > 3);
    assert!(answer.first_token <= answer.total);
}

#[test]
fn a_cut_answer_is_reported_as_cut() {
    let answer = model().chat(&request("介绍一下北京。", 4), &mut |_| ()).unwrap();
    assert_eq!((answer.finish, answer.completion_tokens), (Finish::Length, Some(4)));
}

#[test]
fn its_own_tokenizer_and_window_are_found() {
    let model = model();
    let counts = model.count_tokens(&["什么是QLoRA", "", "hello hello hello hello"]).unwrap().unwrap();
    assert_eq!(counts[1], 0);
    assert!(counts[0] > 1 && counts[2] >= 4, "{counts:?}");
    assert!(model.context_window().unwrap().unwrap() >= 512);
}

#[test]
fn a_schema_is_kept() {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "maxLength": 20 } },
        "required": ["city"],
        "additionalProperties": false
    });
    let model = model();
    assert!(model.honours_schema().unwrap());
    let request = ChatRequest { schema: Some(schema), ..request("中国的首都是哪里?", 64) };
    let answer = model.chat(&request, &mut |_| ()).unwrap();
    let object: Value = serde_json::from_str(&answer.text).unwrap();
    assert!(object["city"].is_string(), "{object}");
}
