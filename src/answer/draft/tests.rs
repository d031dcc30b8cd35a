use super::*;
use crate::answer::fixture::{completion, passage};
use proptest::prelude::*;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(None).unwrap());
const REFUSAL: &str = "资料中没有相关内容。";

fn passages() -> Vec<Passage> {
    vec![
        passage("QLoRA", "QLoRA 把底座模型量化为 4 位并冻结。梯度穿过底座更新适配器。"),
        passage("BM25", "BM25 是词频饱和的打分公式。k1 默认 1.2。"),
    ]
}

const TERMS: Terms<'_> = Terms { question: "QLoRA 怎么微调", refusal: REFUSAL, strict: false, is_checkable: true };

/// The answer to a model that writes `pieces`, and what was streamed.
fn drafted(pieces: &[&str], terms: Terms<'_>) -> (Answer, String) {
    let passages = passages();
    let mut streamed = String::new();
    let mut on = |piece: Piece<'_>| match piece {
        Piece::Text(text) => streamed.push_str(text),
        Piece::Reasoning(_) => {}
        Piece::Retracted => streamed.clear(),
    };
    let mut draft = Draft::new(&passages, &ANALYZER, terms, &mut on);
    pieces.iter().for_each(|piece| draft.push(piece));
    let answer = draft.finish(Some(completion("m")));
    (answer, streamed)
}

fn by_char(written: &str, terms: Terms<'_>) -> (Answer, String) {
    let pieces: Vec<String> = written.chars().map(String::from).collect();
    drafted(&pieces.iter().map(String::as_str).collect::<Vec<_>>(), terms)
}

fn abstained(written: &str, terms: Terms<'_>) -> Abstention {
    let (answer, streamed) = by_char(written, terms);
    assert_eq!(streamed, "", "{written}");
    let Answer::Abstained { reason, .. } = answer else { panic!("{answer:?}") };
    reason
}

fn grounded(written: &str) -> Grounded {
    let (answer, streamed) = by_char(written, TERMS);
    let Answer::Grounded(grounded) = answer else { panic!("{answer:?}") };
    assert_eq!(streamed, grounded.text);
    grounded
}

fn check(written: &str, expect: &str) {
    assert_eq!(grounded(written).text, expect);
}

#[test]
fn a_sentence_without_a_marker_gets_the_one_it_is_owed() {
    check(
        "QLoRA把底座模型量化为4位并冻结。BM25 是词频饱和的打分公式。",
        "QLoRA把底座模型量化为4位并冻结。[1]BM25 是词频饱和的打分公式。[2]",
    );
    check("BM25 的 k1 默认 1.2", "BM25 的 k1 默认 1.2[2]");
    // A clause is no sentence of its own here.
    check("QLoRA 量化底座模型;冻结它；更新适配器。", "QLoRA 量化底座模型;冻结它；更新适配器。[1]");
}

#[test]
fn markers_of_the_model_move_to_the_end_of_their_sentence() {
    let expect = "QLoRA 冻结底座模型。[1]\n梯度更新适配器。[1]";
    check("QLoRA 冻结底座模型[1]。\n梯度[1]更新适配器。[1]", expect);
    check("QLoRA 冻结底座模型【1】。\n梯度更新适配器。 [1, 1]", expect);
    check("QLoRA 冻结底座模型。[^1]\n梯度更新适配器。[1][1]", expect);
}

#[test]
fn what_is_no_passage_or_says_nothing_of_it_is_removed_and_reported() {
    let answer = grounded("QLoRA 冻结底座模型[7]。BM25 是打分公式[1]。");
    assert_eq!(answer.text, "QLoRA 冻结底座模型。[1]BM25 是打分公式。[2]");
    assert_eq!((answer.invalid, answer.unsupported), (vec![7], vec![1]));
}

#[test]
fn brackets_that_are_no_markers_stay() {
    for (written, expect) in [
        ("见 [文档](x.md) 和 a[0] 与 [12] 号。", "见 [文档](x.md) 和 a[0] 与  号。[?]"),
        ("数组 [ 1 与 [x", "数组 [ 1 与 [x[?]"),
    ] {
        let (_, streamed) = by_char(written, Terms { is_checkable: false, ..TERMS });
        assert_eq!(streamed, expect);
    }
}

#[test]
fn what_no_passage_says_is_marked_and_left_out_where_strict() {
    let written = "QLoRA 冻结底座模型。它把模型量化为 3 位。步骤如下:\n梯度更新适配器。";
    let answer = grounded(written);
    assert_eq!(answer.text, "QLoRA 冻结底座模型。[1]它把模型量化为 3 位。[?]步骤如下:\n梯度更新适配器。[1]");
    let verdicts: Vec<Verdict> = answer.sentences.iter().map(|sentence| sentence.verdict).collect();
    assert_eq!(verdicts, [Verdict::Supported, Verdict::Unsupported, Verdict::NoClaim, Verdict::Supported]);
    assert!(answer.sentences[1].faults.contains(&Fault::Number("3".into())), "{:?}", answer.sentences[1]);
    let (_, streamed) = by_char(written, Terms { strict: true, ..TERMS });
    assert_eq!(streamed, "QLoRA 冻结底座模型。[1]步骤如下:\n梯度更新适配器。[1]");
}

#[test]
fn an_unsupported_beginning_waits_for_a_supported_sentence() {
    check("它由谷歌提出。QLoRA 冻结底座模型。", "它由谷歌提出。[?]QLoRA 冻结底座模型。[1]");
}

#[test]
fn what_two_passages_say_between_them_cites_both() {
    let both = "QLoRA 把底座模型量化为 4 位并冻结，BM25 是词频饱和的打分公式。";
    check(both, "QLoRA 把底座模型量化为 4 位并冻结，BM25 是词频饱和的打分公式。[1][2]");
    let swapped = "BM25 把底座模型量化为 4 位并冻结，QLoRA 是词频饱和的打分公式。";
    assert_eq!(abstained(swapped, TERMS), Abstention::Unsupported);
    let half = "QLoRA 把底座模型量化为 4 位并冻结，红烧肉要先焯水再炒糖色。";
    assert_eq!(abstained(half, TERMS), Abstention::Unsupported, "one half in the sources is no answer");
}

#[test]
fn a_sentence_said_again_is_left_out() {
    check("QLoRA 冻结底座模型。QLoRA 冻结底座模型。\nQLoRA 冻结底座模型。", "QLoRA 冻结底座模型。[1]");
}

#[test]
fn an_answer_without_support_is_none() {
    assert_eq!(abstained("红烧肉要先焯水,再炒糖色[1]。然后炖 40 分钟。", TERMS), Abstention::Unsupported);
    assert_eq!(abstained("资料中没有提到价格。", TERMS), Abstention::Unsupported);
    assert_eq!(abstained("QLoRA 怎么微调?", TERMS), Abstention::Unanswered);
    assert_eq!(abstained("", TERMS), Abstention::Unanswered);
}

#[test]
fn across_languages_lack_of_support_only_marks() {
    let terms = Terms { is_checkable: false, ..TERMS };
    let (answer, streamed) = by_char("It freezes all of the base. It needs 48 GB.", terms);
    let Answer::Grounded(grounded) = answer else { panic!("{answer:?}") };
    assert_eq!(streamed, "It freezes all of the base.[?] It needs 48 GB.[?]");
    assert!(grounded.is_uncited());
}

#[test]
fn a_refusal_is_not_shown_and_abstains() {
    for written in
        [REFUSAL, "资料中没有相关内容", "“资料中没有相关内容。”[1]", "资料中没有相关内容。不过一般来说,红烧肉要焯水。"]
    {
        assert_eq!(abstained(written, TERMS), Abstention::NotInSources, "{written}");
    }
}

#[test]
fn every_citation_quotes_its_passage_word_for_word() {
    let answer = grounded("QLoRA 更新适配器,梯度穿过底座。");
    let citation = &answer.citations[0];
    assert_eq!((citation.marker, citation.quote.as_str()), (1, "梯度穿过底座更新适配器。"));
}

proptest! {
    #[test]
    fn how_the_text_is_cut_into_pieces_changes_nothing(
        parts in prop::collection::vec("[资料中没有相关内容QLoRA冻结底座模型。. \n\\[\\]0-9,a]{0,6}", 0..12),
    ) {
        let whole = parts.concat();
        let by_char: Vec<String> = whole.chars().map(String::from).collect();
        let pieces: Vec<&str> = parts.iter().map(String::as_str).collect();
        let chars: Vec<&str> = by_char.iter().map(String::as_str).collect();
        let (a, streamed_a) = drafted(&pieces, TERMS);
        let (b, streamed_b) = drafted(&chars, TERMS);
        prop_assert_eq!(&streamed_a, &streamed_b);
        prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
        if let Answer::Grounded(grounded) = a {
            prop_assert_eq!(&grounded.text, &streamed_a);
            for marker in grounded.citations.iter().map(|citation| citation.marker) {
                prop_assert!((1..=2).contains(&marker));
                let shown = format!("[{marker}]");
                prop_assert!(grounded.text.contains(&shown));
            }
        }
    }
}
