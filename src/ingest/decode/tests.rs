use super::*;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, SHIFT_JIS, WINDOWS_1251, WINDOWS_1252};
use proptest::prelude::*;

const ZH: &str = "检索系统先把文档切成段落,再为每一段建立索引。查询时,两路各取候选,合并以后重新排序。";
const HANT: &str = "檢索系統先把文件切成段落,再為每一段建立索引。查詢時,兩路各取候選,合併以後重新排序。";
const JA: &str =
    "検索システムは、まず文書を段落に分けて、それぞれに索引を作ります。問い合わせのときに結果を並べ替えます。";
const KO: &str =
    "검색 시스템은 먼저 문서를 단락으로 나누고 각 단락에 색인을 만듭니다. 질의할 때 결과를 다시 정렬합니다.";
const EN: &str = "A retrieval system first cuts documents into passages, then indexes each of them.\n";

fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, is_lossy) = encoding.encode(text);
    assert!(!is_lossy, "{text:?} is not in {}", encoding.name());
    bytes.into_owned()
}

fn utf16(text: &str, is_big: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units.flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn check(bytes: &[u8], text: &str, encoding: &str) {
    let expect = Decoded { text: text.into(), encoding: encoding_name(encoding), had_bom: false, replaced: 0 };
    assert_eq!(decode(bytes).as_ref(), Ok(&expect));
}

fn encoding_name(name: &str) -> &'static str {
    if name == "GB18030" { "GB18030" } else { Encoding::for_label(name.as_bytes()).unwrap().name() }
}

fn check_refused(bytes: &[u8], expect: Undecodable) {
    assert_eq!(decode(bytes), Err(expect));
}

#[test]
fn utf8_is_taken_as_it_is() {
    check(b"", "", "UTF-8");
    for text in [ZH, HANT, JA, KO, EN, "é", "🦀", "\u{1b}[31mred\u{1b}[0m\n\u{c}next page\n", "dos\n\u{1a}"] {
        check(text.as_bytes(), text, "UTF-8");
    }
}

#[test]
fn a_byte_order_mark_is_told_and_left_out() {
    for text in [ZH, EN, "短"] {
        let expect = |encoding| Decoded { text: text.into(), encoding, had_bom: true, replaced: 0 };
        let marked = |encoded: &[u8], mark: &[u8]| decode(&[mark, encoded].concat()).unwrap();
        assert_eq!(marked(text.as_bytes(), b"\xef\xbb\xbf"), expect("UTF-8"));
        assert_eq!(marked(&utf16(text, false), b"\xff\xfe"), expect("UTF-16LE"));
        assert_eq!(marked(&utf16(text, true), b"\xfe\xff"), expect("UTF-16BE"));
    }
    assert_eq!(decode(b"\xef\xbb\xbf").unwrap().text, "");
    // UTF-32, and a picture.
    check_refused(b"\xff\xfe\0\0a\0\0\0b\0\0\0c\0\0\0d\0\0\0", Undecodable::Binary);
}

#[test]
fn utf16_without_a_mark_is_told_by_what_it_says() {
    for text in [ZH, HANT, JA, KO, EN, "# 标题\n\n正文。\n", "title: QUINCE\r\n", "a\n", "短句\n", "русский текст\n"]
    {
        let lines = text.replace("\r\n", "\n");
        check(&utf16(text, false), &lines, "UTF-16LE");
        check(&utf16(text, true), &lines, "UTF-16BE");
    }
    let odd = [utf16(EN, false), b"x".to_vec()].concat();
    let decoded = decode(&odd).unwrap();
    assert_eq!((decoded.encoding, decoded.replaced), ("UTF-16LE", 1));
}

#[test]
fn legacy_encodings_are_told_apart() {
    check(&encoded(ZH, GB18030), ZH, "GB18030");
    check(&encoded(&HANT.replace("併", "并"), GB18030), &HANT.replace("併", "并"), "GB18030");
    check(&encoded("绍兴沈园里的陆游𠮷㐀", GB18030), "绍兴沈园里的陆游𠮷㐀", "GB18030");
    check(&encoded(HANT, BIG5), HANT, "Big5");
    check(&encoded(JA, SHIFT_JIS), JA, "Shift_JIS");
    check(&encoded(JA, EUC_JP), JA, "EUC-JP");
    check(&encoded(KO, EUC_KR), KO, "EUC-KR");
    let french = "Où est la bibliothèque ? Elle a été fermée à midi, après la fête.\n";
    check(&encoded(french, WINDOWS_1252), french, "windows-1252");
    let russian = "Система поиска сначала делит документы на отрывки и строит указатель.\n";
    check(&encoded(russian, WINDOWS_1251), russian, "windows-1251");
}

#[test]
fn a_few_chinese_words_among_much_ascii_are_found() {
    let text = format!("{}# 说明:先启动服务\n{}", "int main(void) { return 0; }\n".repeat(20_000), EN.repeat(10));
    check(&encoded(&text, GB18030), &text, "GB18030");
}

#[test]
fn damaged_utf8_is_utf8_and_says_how_often() {
    let replaced = |bytes: &[u8]| {
        let decoded = decode(bytes).unwrap();
        assert_eq!(decoded.encoding, "UTF-8");
        assert_eq!(decoded.text.matches('\u{fffd}').count(), decoded.replaced);
        decoded.replaced
    };
    let whole = ZH.as_bytes();
    assert_eq!((replaced(&whole[..whole.len() - 1]), replaced(&whole[..whole.len() - 2])), (1, 1));
    assert_eq!(replaced(&[whole, b"\xff", whole, b"\xfe", whole].concat()), 2);
    let mut long = EN.repeat(20_000).into_bytes();
    long[500_000] = 0xff;
    assert_eq!(replaced(&long), 1);
    let marked = [b"\xef\xbb\xbf", &whole[..whole.len() - 1]].concat();
    assert!(decode(&marked).unwrap().had_bom && replaced(&marked) == 1);
}

#[test]
fn a_legacy_file_that_was_cut_off_loses_its_last_character_only() {
    let bytes = encoded(ZH, GB18030);
    let decoded = decode(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!((decoded.encoding, decoded.replaced), ("GB18030", 1));
    assert!(decoded.text.starts_with("检索系统"), "{decoded:?}");
}

#[test]
fn line_ends_are_those_that_an_editor_counts() {
    for (given, expect) in [
        ("一\r\n二\r三\n四\r\r\n五\n\r六\r", "一\n二\n三\n四\n\n五\n\n六\n"),
        ("\r", "\n"),
        ("\r\n\r\n", "\n\n"),
        ("no line end", "no line end"),
    ] {
        assert_eq!(decode(given.as_bytes()).unwrap().text, expect);
    }
    let text = "標題\r\n正文在這裡,請看第二行。\r\n";
    assert_eq!(decode(&encoded(text, BIG5)).unwrap().text, text.replace("\r\n", "\n"));
}

#[test]
fn binary_data_is_no_text() {
    check_refused(&[0; 4096], Undecodable::Binary);
    check_refused(b"text with a\0NUL in it, and more text", Undecodable::Binary);
    check_refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0", Undecodable::Binary);
    check_refused(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0", Undecodable::Binary);
    check_refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11", Undecodable::Binary);
    // Compressed data: every byte as likely as any other.
    let mut random = fastrand::Rng::with_seed(7);
    for len in [64, 1000, 100_000] {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(len).collect();
        assert!(decode(&bytes).is_err(), "{len} random bytes are {:?}", decode(&bytes).map(|decoded| decoded.encoding));
    }
}

#[test]
fn high_bytes_that_say_nothing_are_no_text() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut taken = 0;
    for _ in 0..100 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(0x80..)).take(400).collect();
        taken += usize::from(decode(&bytes).is_ok());
    }
    assert_eq!(taken, 0);
}

/// Titles and sentences that no tuning has seen: how many of `texts` are read right.
fn right(texts: &[String], encoding: &'static Encoding) -> usize {
    let reads = |text: &&String| decode(&encoded(text, encoding)).is_ok_and(|decoded| decoded.text == **text);
    texts.iter().filter(reads).count()
}

const SIMPLIFIED: &[&str] = &[
    "会议纪要",
    "读书笔记",
    "枫桥夜泊",
    "霸王别姬",
    "采购合同",
    "周报",
    "待办事项",
    "家谱",
    "菜谱大全",
    "旅行计划",
    "密码本",
    "服务器配置说明",
    "明天上午九点开会",
    "请把合同发给我",
    "红烧肉的做法",
    "月落乌啼霜满天",
    "机器学习入门",
    "数据库备份",
    "账单",
    "体检报告",
    "北京市朝阳区",
    "年终总结",
    "测试用例",
    "登录失败怎么办",
    "李白诗选",
];
const TRADITIONAL: &[&str] = &[
    "會議紀錄",
    "讀書筆記",
    "楓橋夜泊",
    "霸王別姬",
    "採購合約",
    "週報",
    "待辦事項",
    "家譜",
    "菜譜大全",
    "旅行計畫",
    "密碼本",
    "伺服器設定說明",
    "明天上午九點開會",
    "請把合約寄給我",
    "紅燒肉的做法",
    "月落烏啼霜滿天",
    "機器學習入門",
    "資料庫備份",
    "帳單",
    "體檢報告",
    "台北市大安區",
    "年終總結",
    "測試案例",
    "登入失敗怎麼辦",
    "李白詩選",
];

#[test]
fn short_chinese_texts_are_told_apart_as_well_as_can_be() {
    let texts = |of: &[&str], form: fn(&str) -> String| -> Vec<String> { of.iter().map(|text| form(text)).collect() };
    type Form = fn(&str) -> String;
    let forms: [(Form, [usize; 2]); 3] = [
        (|text| text.into(), [25, 25]),
        (|text| format!("# {text}\n"), [25, 25]),
        (|text| format!("{text}。{text},{text}!\n"), [25, 25]),
    ];
    for (form, expect) in forms {
        let found = [right(&texts(SIMPLIFIED, form), GB18030), right(&texts(TRADITIONAL, form), BIG5)];
        assert!(found[0] >= expect[0] && found[1] >= expect[1], "{found:?} of {expect:?}: {}", form("题"));
    }
}

/// Texts of clauses in any order, of 30 characters and more.
fn written(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(of), prop::sample::select(&["，", "。\n", "、", "\n"][..])), 6..30)
        .prop_map(|clauses| clauses.into_iter().map(|(clause, end)| format!("{clause}{end}")).collect())
}

const CLAUSES: [&[&str]; 3] = [
    &[
        "检索系统先切文档",
        "为每段建立索引",
        "两路各取候选",
        "锅里加水烧开",
        "他昨天没有回家",
        "请在周五之前提交",
        "价格是每斤三块五",
    ],
    &[
        "檢索系統先切文件",
        "為每段建立索引",
        "兩路各取候選",
        "鍋裡加水燒開",
        "他昨天沒有回家",
        "請在週五之前提交",
        "價格是每斤三塊五",
    ],
    &[
        "文書を段落に分けて",
        "索引を作ります",
        "結果を並べ替える",
        "お湯を沸かします",
        "昨日は帰らなかった",
        "金曜日までに提出する",
        "サーバーの設定を確認",
    ],
];

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(zh in written(CLAUSES[0]), hant in written(CLAUSES[1]), ja in written(CLAUSES[2])) {
        for text in [&zh, &hant, &ja] {
            prop_assert_eq!(&decode(text.as_bytes()).unwrap().text, text);
            prop_assert_eq!(&decode(&utf16(text, false)).unwrap().text, text);
            prop_assert_eq!(&decode(&utf16(text, true)).unwrap().text, text);
        }
        prop_assert_eq!(decode(&encoded(&zh, GB18030)).unwrap().text, zh);
        prop_assert_eq!(decode(&encoded(&hant, BIG5)).unwrap().text, hant);
        prop_assert_eq!(decode(&encoded(&ja, SHIFT_JIS)).unwrap().text, ja);
    }

    #[test]
    fn any_utf8_is_read_and_any_bytes_do_no_harm(text in "\\PC{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(decode(text.as_bytes()).unwrap().text, text);
        if let Ok(decoded) = decode(&bytes) {
            prop_assert!(!decoded.text.contains('\r'));
        }
    }
}
