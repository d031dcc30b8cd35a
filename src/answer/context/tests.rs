//! Packing: as many of the best as fit, by their ranks, and never past the window.

use super::*;
use crate::answer::fixture::{frame, passage};
use crate::answer::format::Format;
use crate::answer::frame::Order;
use crate::answer::library::Library;
use crate::answer::shot::{Shown, Written};
use crate::document::{ChunkId, DocId};
use crate::language::Lang;
use proptest::prelude::*;

fn options(window: usize, max_tokens: u32) -> Options {
    Options { max_tokens, window: Some(window), ..Options::default() }
}

fn packed(passages: &[Passage], window: usize) -> Result<Context> {
    Ok(pack(passages, &frame("问"), None, &options(window, 100))?.0)
}

fn names(context: &Context) -> Vec<&str> {
    context.passages.iter().map(|passage| passage.title.as_str()).collect()
}

#[test]
fn passages_are_taken_by_rank_until_one_does_not_fit_which_is_cut() {
    let passages = [passage("a", &"甲。".repeat(50)), passage("b", &"乙。".repeat(500)), passage("c", "丙。")];
    let context = packed(&passages, 600).unwrap();
    assert_eq!((names(&context), context.left_out), (vec!["a", "b"], 1), "[2] is the second that was found");
    assert_eq!((&context.passages[0].text, context.tokens_each.len()), (&passages[0].text, 2));
    assert!(passages[1].text.starts_with(&context.passages[1].text) && context.passages[1].text.ends_with('。'));
    let TokenShares { window, system, shots, passages, question, answer, free, .. } = context.tokens;
    assert!(system + shots + passages + question + answer + free <= window && shots == 0);
    assert!(free < 100, "{free} tokens are left of room for a passage");
}

#[test]
fn the_best_passage_is_cut_at_a_sentence_end_rather_than_left_out() {
    let context = packed(&[passage("a", &"一句话说完。\n".repeat(200))], 500).unwrap();
    let cut = &context.passages[0];
    assert!(cut.text.ends_with('。') && cut.text.len() < 3000, "{}", cut.text.len());
    assert_eq!(cut.lines.1 as usize, cut.text.lines().count());
    assert!(context.tokens.passages + context.tokens.system + context.tokens.answer < 500);
    assert_eq!(context.left_out, 0);
}

#[test]
fn a_window_without_room_is_an_error() {
    let error = packed(&[passage("a", "甲。")], 120).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(AnswerProblem::Window { window: 120, .. })), "{error}");
}

#[test]
fn no_passage_is_no_error() {
    assert!(packed(&[], 120).unwrap().passages.is_empty());
}

#[test]
fn shots_are_counted_by_themselves() {
    let shots = Library::default().shots(Lang::Zh, 5).unwrap().0;
    let plain = frame("问");
    let shown = Shown::of(&shots, &plain.template, Lang::Zh, Format::Xml, Written::Plain).unwrap();
    let one = [passage("a", "甲。")];
    let with =
        pack(&one, &crate::answer::frame::Frame { shots: shown, ..frame("问") }, None, &options(4096, 100)).unwrap();
    let without = pack(&one, &plain, None, &options(4096, 100)).unwrap();
    assert_eq!((with.1.len(), without.1.len()), (12, 2));
    assert_eq!((with.1.first(), with.1.last()), (without.1.first(), without.1.last()), "they stand between");
    let (with, without) = (with.0.tokens, without.0.tokens);
    assert!(with.shots > 200 && without.shots == 0 && with.free + with.shots < without.free);
    assert_eq!((with.system, with.question), (without.system, without.question));
}

#[test]
fn what_is_said_twice_is_reported() {
    let said = "倒排索引把词映射到文档。查询时先查词典再读倒排列表。";
    let passages =
        [passage("a", said), passage("b", &format!("{said}压缩能省空间,也省读取。")), passage("c", "别的事情另说。")];
    let repeats = packed(&passages, 2000).unwrap().repeats();
    assert_eq!(repeats, [Repeat { number: 2, of: 1, sentences: 2 }]);
}

/// Text of all kinds that tokenizers treat differently.
fn text() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof!["[a-z ]{1,30}", "[一-龥]{1,30}。", "\\PC{1,20}", "[0-9a-f]{32}", "[{}();=<>\\n ]{1,20}", "🎉{1,9}"];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn found() -> impl Strategy<Value = Vec<Passage>> {
    let one = (0..3u8, 0..9u32, text(), text()).prop_map(|(doc, ordinal, title, text)| Passage {
        id: ChunkId { doc: DocId(doc.to_string()), ordinal },
        ..passage(&title, &text)
    });
    prop::collection::vec(one, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_sent_and_the_answer_never_exceed_the_window(
        found in found(),
        window in 200usize..3000,
        max_tokens in 1u32..800,
        grouped: bool,
        format in prop::sample::select(vec![Format::Xml, Format::Markdown, Format::Json]),
        question in text(),
    ) {
        let order = if grouped { Order::Grouped } else { Order::Ranked };
        let frame = crate::answer::frame::Frame { order, format, ..frame(&question) };
        let Ok((context, messages)) = pack(&found, &frame, None, &options(window, max_tokens)) else { return Ok(()) };
        prop_assert_eq!(context.passages.len() + context.left_out, found.len());
        for (given, ranked) in context.passages.iter().zip(&found) {
            prop_assert!(given.id == ranked.id && ranked.text.starts_with(&given.text));
        }
        let mut numbers: Vec<usize> = context.groups.concat();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=context.passages.len()).collect::<Vec<_>>());
        if !found.is_empty() {
            let sent: usize = messages.iter().map(|message| estimate(&message.content)).sum();
            prop_assert!(sent + context.tokens.answer <= window, "{} + {} > {}", sent, context.tokens.answer, window);
        }
    }
}
