//! What the analysis promises, by example and by property.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(None).unwrap());

fn texts(text: &str) -> Vec<String> {
    ANALYZER.terms(text).into_iter().map(|term| term.text).collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(texts(text).join(" "), expected, "terms of {text:?}");
}

/// Every term of the query is in the text.
#[track_caller]
fn check_finds(query: &str, text: &str) {
    let found = texts(text);
    let missing: Vec<_> = ANALYZER
        .content_terms(query)
        .into_iter()
        .filter(|term| !found.contains(&term.text))
        .map(|term| term.text)
        .collect();
    assert!(missing.is_empty(), "{query:?} asks for {missing:?}, {text:?} has {found:?}");
}

#[test]
fn words_and_identifiers_are_kept_whole_and_in_parts() {
    check("running QLoRA", "run qlora");
    check("4-bit", "4-bit 4bit 4 bit");
    check("claude-3-sonnet", "claude-3-sonnet claude3sonnet claud 3 sonnet");
    check("PPR-9087", "ppr-9087 ppr9087 ppr 9087");
    check("qwen2.5-7b", "qwen2.5-7b qwen2.57b qwen2.5 qwen 2.5 7b");
    check("n_ctx", "n_ctx nctx n ctx");
    check("/v1/rerank", "v1/rerank v1 rerank");
    check("C++, C# and .NET.", "c++ c# and .net net");
    check("TextEmbedding", "textembed text embed");
    check("OpenAI PyTorch LoRA", "openai pytorch lora");
    check("getUserById", "getuserbyid get user by id");
    check("Anna's don't l'homme", "anna don't l'homme homm");
    check("AT&T a@b.com", "at&t at t a@b.com a b com");
}

#[test]
fn numbers_stay_numbers() {
    check("3.14 1,000,000 50%", "3.14 1000000 50% 50");
    check("2024-01-02 12:30", "20240102 2024 01 02 12:30 12 30");
    check("48GB", "48gb 48 gb");
    check("48 GB", "48 48gb gb");
    check("H100 7B 8x7B a1b2c3d4", "h100 7b 8x7b a1b2c3d4");
}

#[test]
fn a_number_in_groups_is_one_term_and_its_groups() {
    check("010-6555 1234", "01065551234 65551234 010 6555 1234");
    check("(010) 6555-1234", "01065551234 65551234 010 6555 1234");
    check("+86 10 6555 1234", "01065551234 65551234 86 10 6555 1234");
    check("tel:138-0013-8000", "tel 13800138000 138 0013 8000");
    check("电话+8613800138000", "电话 13800138000 8613800138000");
    check("+1 (415) 555-2671", "14155552671 4155552671 1 415 555 2671");
    check("400 800 8820", "4008008820 400 800 8820");
    check("6222 0000 1111 2222", "6222000011112222 6222 0000 1111 2222");
    check("110101 19900307 7758", "110101199003077758 110101 19900307 7758");
    check("978-7-111-12345-6", "9787111123456 978 7 111 12345 6");
    check("555-0123", "5550123 555 0123");
}

#[test]
fn numbers_side_by_side_are_not_one() {
    for row in ["12 34 56", "404 500 502", "1024 2048", "100 200 300", "2019 2020 2021 2022", "13 800138000 万"] {
        let joined: String = row.chars().filter(char::is_ascii_digit).collect();
        assert!(!texts(row).contains(&joined), "{row}: {:?}", texts(row));
    }
    check("138  0013  8000", "138 0013 8000");
    check("138\n0013\n8000", "138 0013 8000");
    check("138 0013 8000.5", "138 0013 8000.5");
    check("2019-2020", "2019-2020 2019 2020");
    check("12-34-56", "12-34-56 12 34 56");
    check("1234-5678-abc", "1234-5678-abc 12345678abc 1234 5678 abc");
    check("138 0013 8000 12", "13800138000 138 0013 8000 12");
}

#[test]
fn a_date_is_the_same_term_however_it_is_written() {
    check("2023/11/8", "20231108 2023 11 8");
    check("20231108", "20231108");
    check("2023.11.08", "2023.11.08 20231108 2023.11");
    check("2023-11-08T10:00", "2023-11-08t10:00 20231108 2023 11 08t10 00");
    check("log/2023/11/08/a.md", "log/2023/11/08/a.md 20231108 log 2023 11 08 a md");
    for date in ["2023年11月8日", "2023 年 11 月 08 号", "２０２３年１１月８日"] {
        assert_eq!(texts(date)[0], "20231108", "{date}");
    }
    for none in ["2023年11月", "2023/13/01", "1234/05/06", "2023-11", "123年1月1日"] {
        assert!(texts(none).iter().all(|term| term.len() != 8 || !term.bytes().all(|b| b.is_ascii_digit())), "{none}");
    }
}

#[test]
fn versions_and_addresses_have_their_beginnings() {
    check("v1.2.3", "1.2.3 1.2");
    check("V2.13 v2", "2.13 v2");
    check("TiDB-v7.5.0", "tidb-v7.5.0 tidbv7.5.0 tidb 7.5.0 7.5");
    check("1.2.3-beta", "1.2.3-beta 1.2.3beta 1.2.3 1.2 beta");
    check("192.168.10.7:8080", "192.168.10.7:8080 192.168.10.7 192.168.10 192.168 8080");
    check("1_000_000", "1000000 1 000 000");
    check("python3.11.4", "python3.11.4 python 3.11.4 3.11");
}

#[test]
fn numbers_are_found_in_other_groups_both_ways() {
    for (a, b) in [
        ("01065551234", "010-6555 1234"),
        ("65551234", "010-6555 1234"),
        ("010-6555-1234", "(010)65551234"),
        ("13800138000", "+86 138 0013 8000"),
        ("138-0013-8000", "+86-13800138000"),
        ("008613800138000", "138 00138000"),
        ("0571-8888 6666", "057188886666"),
        ("6222000011112222", "6222 0000 1111 2222"),
        ("6222-0000-1111-2222", "6222 0000 1111 2222"),
        ("１３８ ００１３ ８０００", "13800138000"),
        ("138\u{a0}0013\u{a0}8000", "13800138000"),
        ("v1.2.3", "1.2.3"),
        ("2.13", "v2.13"),
        ("1.2", "1.2.3"),
        ("20231108", "2023年11月8日"),
        ("2023-11-08", "2023/11/8"),
        ("2023.11.8", "2023年11月08日"),
        ("192.168.10", "192.168.10.7:8080"),
        ("10.0.3", "10.0.3.17:8080"),
        ("1000", "1,000"),
        ("1,234,567.5", "1234567.5"),
    ] {
        let shared = |a: &str, b: &str| {
            let (a, b) = (ANALYZER.content_words(a), texts(b));
            a.iter().any(|term| b.contains(term))
        };
        let is_beginning = matches!(a, "65551234" | "1.2" | "192.168.10" | "10.0.3");
        assert!(shared(a, b) && (is_beginning || shared(b, a)), "{a:?} {:?} and {b:?} {:?}", texts(a), texts(b));
    }
    assert!(!texts("10.0.30.1").contains(&"10.0.3".to_string()));
}

#[test]
fn either_spelling_finds_the_other() {
    for (a, b) in [
        ("48GB", "48 GB"),
        ("7B", "7 B"),
        ("4-bit", "4bit"),
        ("fine-tuning", "finetuning"),
        ("top_k", "top-k"),
        ("gpt-4", "GPT4"),
        ("ｑｌｏｒａ", "QLORA"),
        ("qlora", "QLoRA"),
        ("naïve café", "naive cafe"),
        ("STRASSE", "straße"),
        ("量化低秩適配", "量化低秩适配"),
    ] {
        let shared = |a: &str, b: &str| {
            let (a, b) = (texts(a), texts(b));
            a.iter().any(|term| b.contains(term))
        };
        assert!(shared(a, b) && shared(b, a), "{a:?} {:?} and {b:?} {:?}", texts(a), texts(b));
    }
    check_finds("48 gb", "48GB 显存");
    check_finds("4bit", "4-bit 量化");
    check_finds("textembedding", "fn TextEmbedding()");
}

#[test]
fn an_emoji_is_a_word_and_a_sign_is_none() {
    check("去看🐼,开心😀😀", "去 看 🐼 开心 😀 😀");
    check("👍🏽 ❤️ 👨\u{200d}👩", "👍 ❤ 👨 👩");
    check("★ → • ✓ ☐ ™", "tm");
    let query = |text: &str| ANALYZER.content_words(text).join(" ");
    assert_eq!(query("🐼饲养"), "饲养", "beside words it says nothing");
    assert_eq!(query("🐼?"), "🐼");
    assert_eq!(ANALYZER.emoji_alone("😀 🐼!😀").join(" "), "🐼 😀");
    assert!(ANALYZER.emoji_alone("😀 a").is_empty() && ANALYZER.emoji_alone("?").is_empty());
}

#[test]
fn scripts_are_cut_apart() {
    check("重跑gen-itgc后", "重跑 gen-itgc genitgc gen itgc 后");
    check("用QLoRA微调", "用 qlora 微调");
    check("привет Мир", "привет мир");
    check("コンピュータ", "コン ンピ ピュ ュー ータ");
    check("한국어", "한국 국어");
    check("あ", "あ");
}

#[test]
fn known_traps_of_the_scripts_fold() {
    for (traditional, simplified) in [
        ("乾燥", "干燥"),
        ("幹部", "干部"),
        ("後來", "后来"),
        ("皇后", "皇后"),
        ("裡面", "里面"),
        ("裏面", "里面"),
        ("麵條", "面条"),
        ("接著", "接着"),
        ("瞭解", "了解"),
        ("一隻", "一只"),
        ("頭髮", "头发"),
        ("發展", "发展"),
        ("憑藉", "凭借"),
        ("答覆", "答复"),
        ("彷彿", "仿佛"),
        ("資料庫", "资料库"),
        ("臺灣", "台湾"),
    ] {
        assert_eq!(texts(traditional), texts(simplified), "{traditional} {simplified}");
    }
}

#[test]
fn what_pdf_extraction_breaks_is_mended() {
    check("大 模 型", "大模型 模型");
    check("向量数\n据库", "向量数据库 向量 数据 数据库");
    assert_eq!(texts("soft\u{ad}ware zero\u{200b}width"), texts("software zerowidth"));
    // An empty line parts; a guessed word does not bridge a blank.
    assert!(!texts("大模\n\n型").contains(&"大模型".to_string()));
    assert_eq!(texts("non‑breaking"), texts("non-breaking"));
}

#[test]
fn ranges_point_at_what_a_term_was_made_from() {
    let text = "共 10㎏ 的ＱＬｏＲＡ";
    let of = |wanted: &str| {
        let term = ANALYZER.terms(text).into_iter().find(|term| term.text == wanted);
        term.map(|term| text[term.range].to_string())
    };
    assert_eq!(of("kg").as_deref(), Some("㎏"));
    assert_eq!(of("10kg").as_deref(), Some("10㎏"));
    assert_eq!(of("qlora").as_deref(), Some("ＱＬｏＲＡ"));
}

#[test]
fn stop_words_never_empty_a_query() {
    let query = |text: &str| ANALYZER.content_terms(text).into_iter().map(|term| term.text).collect::<Vec<_>>();
    assert_eq!(query("什么是QLoRA"), ["qlora"]);
    assert_eq!(query("How do I fine-tune?"), ["fine-tune", "finetun", "fine", "tune"]);
    assert_eq!(query("请问怎么微调"), ["微调"]);
    assert_eq!(query("是什么"), ["是", "什么"]);
    assert_eq!(query("to be or not to be").len(), 4);
    assert_eq!(query("库"), ["库"]);
    assert!(query("  ?!").is_empty());
}

#[test]
fn chinese_makes_pairs_too() {
    let pairs = |text: &str| ANALYZER.pairs(text).into_iter().map(|term| term.text).collect::<Vec<_>>().join(" ");
    assert_eq!(pairs("缴纳个税, VAT 税"), "缴纳 纳个 个税 税 税");
    assert_eq!(pairs("向 量\n库"), "向量 量库 库", "blanks inside Chinese part nothing");
    let query = |text: &str| {
        let terms = ANALYZER.query_terms(text).into_iter();
        terms.filter(|term| term.kind == Kind::Pair).map(|term| term.text).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(query("缴纳个税"), "缴纳 纳个 个税", "the last character is in a pair");
    assert_eq!(query("税"), "税");
    assert_eq!(query("VAT"), "");
}

#[test]
fn highlights_join_where_they_touch() {
    let marked = |text: &str, query: &str| {
        let ranges = ANALYZER.highlight(text, &ANALYZER.content_terms(query));
        ranges.into_iter().map(|range| text[range].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(marked("QLoRA 是量化微调,比 LoRA 省显存。", "量化微调 qlora"), ["QLoRA", "量化微调"]);
    assert_eq!(marked("running runs", "run"), ["running", "runs"]);
    assert!(marked("别的", "qlora").is_empty());
}

#[test]
fn the_id_names_the_version() {
    assert!(ANALYZER.id().starts_with(&format!("{ANALYSIS_VERSION}-")));
}

/// Text that meets the rules: the scripts, joints and oddities they are about, and anything else.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9]{1,6}",
        "[一-龥]{1,5}",
        "[-_.,:'/@&+#% \n]{1,2}",
        "[Ａ-Ｚ０-９ｱ-ﾝﾞ①㎏ﬁ½ǅßıİΣς\u{301}\u{308}\u{200b}\u{ad}　]{1,3}",
        "[가-힣ᄀ-ᅵᆨあ-んア-ヴгд蓮豈𠀀๐กำ]{1,3}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn terms_are_sound(text in prop_oneof![any_text(), any::<String>()]) {
        for term in ANALYZER.terms(&text).into_iter().chain(ANALYZER.pairs(&text)) {
            prop_assert!(!term.text.is_empty());
            prop_assert!(!term.text.chars().any(|c| c.is_whitespace() || c.is_control()), "{:?}", term);
            prop_assert!(!term.range.is_empty() && text.get(term.range.clone()).is_some(), "{:?}", term);
        }
    }

    #[test]
    fn what_has_words_makes_terms_and_nothing_else_does(text in prop_oneof![any_text(), any::<String>()]) {
        prop_assert_eq!(ANALYZER.has_words(&text), !ANALYZER.terms(&text).is_empty());
    }

    #[test]
    fn a_phrase_is_found_where_it_was_taken_from(text in prop_oneof![any_text(), any::<String>()]) {
        let has_more_than_blanks = text.chars().any(|c| !c.is_whitespace()) && !fold(&text).trim().is_empty();
        prop_assert_eq!(Phrase::new(&text).is_in(&text), has_more_than_blanks);
        for range in Phrase::new("a").find(&text) {
            prop_assert!(text.get(range).is_some_and(|found| !found.is_empty()));
        }
    }

    #[test]
    fn positions_ascend(text in any_text()) {
        prop_assert!(ANALYZER.terms(&text).is_sorted_by_key(|term| term.position));
        prop_assert!(ANALYZER.pairs(&text).is_sorted_by_key(|term| term.position));
    }

    #[test]
    fn nfkc_changes_no_term(text in prop_oneof![any_text(), any::<String>()]) {
        let composed: String = text.nfkc().collect();
        prop_assert_eq!(texts(&text), texts(&composed));
    }

    #[test]
    fn a_word_is_found_whatever_its_case(word in "[a-zA-Z]{1,12}") {
        let whole = |text: &str| texts(text)[0].clone();
        prop_assert_eq!(whole(&word), whole(&word.to_uppercase()));
        prop_assert_eq!(whole(&word), whole(&word.to_lowercase()));
    }

    #[test]
    fn both_scripts_make_the_same_terms(places in prop::collection::vec(0usize..4000, 1..12)) {
        let pairs: Vec<char> = normalize::TRADITIONAL.chars().filter(|c| *c != '\n').collect();
        let pick = |side: usize| places.iter().map(|&at| pairs[2 * at + side]).collect::<String>();
        prop_assert_eq!(texts(&pick(0)), texts(&pick(1)));
    }

    #[test]
    fn sentences_hold_everything_but_blanks(text in prop_oneof![any_text(), "[a-z。！.!?\"” \n0-9中]{0,30}"]) {
        let mut rest = String::new();
        let mut end = 0;
        for range in sentences(&text) {
            prop_assert!(range.start >= end && range.start < range.end);
            prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
            rest.push_str(&text[end..range.start]);
            end = range.end;
        }
        rest.push_str(&text[end..]);
        prop_assert!(rest.trim().is_empty(), "left out: {rest:?}");
    }

    #[test]
    fn highlights_are_apart_and_on_characters(text in any_text(), query in any_text()) {
        let mut end = None;
        for range in ANALYZER.highlight(&text, &ANALYZER.content_terms(&query)) {
            prop_assert!(text.get(range.clone()).is_some_and(|piece| !piece.is_empty()));
            prop_assert!(end.is_none_or(|end| range.start > end));
            end = Some(range.end);
        }
    }
}
