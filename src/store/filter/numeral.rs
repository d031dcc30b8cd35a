//! Chinese numerals, as dates have them.

/// 二〇二四年三月五日 in Arabic numerals.
pub fn arabic(text: &str) -> String {
    const NUMERALS: &str = "〇一二三四五六七八九";
    let numeral = |c: char| match c {
        '零' => Some(0),
        '十' => Some(10),
        c => NUMERALS.chars().position(|numeral| numeral == c),
    };
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(value) = numeral(c) else {
            out.push(c);
            continue;
        };
        let mut run = vec![value];
        while let Some(value) = chars.peek().copied().and_then(numeral) {
            run.push(value);
            chars.next();
        }
        match run.iter().position(|value| *value == 10) {
            // 十二, 二十, 二十三: digits around a ten.
            Some(at) if run.len() <= 3 && at <= 1 => {
                let tens = if at == 0 { 1 } else { run[0] };
                out += &(tens * 10 + run.get(at + 1).copied().unwrap_or_default()).to_string();
            }
            _ => out.extend(run.iter().map(ToString::to_string)),
        }
    }
    out
}
