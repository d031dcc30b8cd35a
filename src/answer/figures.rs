//! Figures: the numbers of a text with their units, so that `48GB` and `48 GB` are the same and 48 % is another.

use crate::text::fold;

/// A number as it is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// As it stands in the folded text.
    pub text: String,
    value: f64,
    /// Letters, `%` or a unit of time right behind it; empty where there is none.
    unit: String,
}

impl Figure {
    /// Same value, and no other unit; a number without a unit agrees with any.
    pub fn agrees(&self, other: &Figure) -> bool {
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        // A share of one is a per cent in other words.
        let share = |one: &Figure, other: &Figure| {
            one.unit == "%" && other.unit.is_empty() && near(one.value / 100.0, other.value)
        };
        if share(self, other) || share(other, self) {
            return true;
        }
        let is_same = near(self.value, other.value);
        let differ = !self.unit.is_empty() && !other.unit.is_empty() && self.unit != other.unit;
        is_same && !differ
    }
}

/// Units of time, the longer first; others in Chinese only count, and are left out where they go without saying.
const TIMES: &[&str] = &["毫秒", "秒", "分钟", "小时", "天", "周", "年"];

/// In the order they come. Separators of thousands are left out, 万 and 亿 multiply, 百分之 is a per cent.
pub fn figures(text: &str) -> Vec<Figure> {
    let text = fold(text).replace("百分之", "\u{1}");
    let chars: Vec<char> = text.chars().collect();
    let mut figures = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let Some((value, end)) = number(&chars, at) else {
            // Digits inside of a name (`e5`, `k1`) are part of it.
            let name = chars[at..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
            at += name.max(1);
            continue;
        };
        let is_percent = at > 0 && chars[at - 1] == '\u{1}';
        // A fraction is not taken apart.
        if chars.get(end) == Some(&'/') || at > 0 && chars[at - 1] == '/' {
            at = end;
            continue;
        }
        let (factor, unit, after) = unit(&chars, end);
        let unit = if is_percent { "%".into() } else { unit };
        let shown: String = chars[at..after].iter().filter(|c| !c.is_whitespace()).collect();
        figures.push(Figure { text: shown, value: value * factor, unit });
        at = after;
    }
    figures
}

/// A number that begins at `at`, and where it ends.
fn number(chars: &[char], at: usize) -> Option<(f64, usize)> {
    if let Some(value) = chinese(chars, at) {
        return Some(value);
    }
    if !chars[at].is_ascii_digit() {
        return None;
    }
    let mut digits = String::new();
    let mut end = at;
    while end < chars.len() {
        let c = chars[end];
        let is_inner = matches!(c, '.' | ',') && chars.get(end + 1).is_some_and(char::is_ascii_digit);
        match c {
            '0'..='9' => digits.push(c),
            '.' if is_inner && !digits.contains('.') => digits.push(c),
            ',' if is_inner => {}
            _ => break,
        }
        end += 1;
    }
    digits.parse().ok().map(|value| (value, end))
}

/// Chinese numerals that count something: 三成 and 十五个, not the 一 of 一般.
fn chinese(chars: &[char], at: usize) -> Option<(f64, usize)> {
    const COUNTED: &str = "个条块段位字秒分倍次步层篇句词页类种人家轮名行列项天年月日周点例张份组台路档道题件只头座场遍回辆支枚幅间门届批套双对颗根本";
    let digit = |c: char| "零一二三四五六七八九".chars().position(|d| d == c).or((c == '两').then_some(2));
    let mut end = at;
    let (mut total, mut current) = (0usize, None);
    while end < chars.len() {
        let c = chars[end];
        match (digit(c), c) {
            (Some(value), _) if current.is_none() => current = Some(value),
            (_, '十') => total += current.take().unwrap_or(1) * 10,
            (_, '百') if current.is_some() => total += current.take()? * 100,
            (_, '千') if current.is_some() => total += current.take()? * 1000,
            _ => break,
        }
        end += 1;
    }
    let percent = at > 0 && chars[at - 1] == '\u{1}';
    let counts = chars.get(end).is_some_and(|c| COUNTED.contains(*c) || matches!(c, '万' | '亿' | '成'));
    let value = total + current.unwrap_or(0);
    // One, two and three count what need not be counted in so many words elsewhere.
    let is_told = value > 3 || chars.get(end) == Some(&'成');
    (end > at && (percent || counts && is_told)).then_some((value as f64, end))
}

/// What the number is multiplied by, its unit, and where that ends.
fn unit(chars: &[char], end: usize) -> (f64, String, usize) {
    let mut at = end;
    while chars.get(at).is_some_and(|c| *c == ' ') {
        at += 1;
    }
    let mut factor = 1.0;
    match chars.get(at) {
        Some('万') => (factor, at) = (1e4, at + 1),
        Some('亿') => (factor, at) = (1e8, at + 1),
        Some('成') => return (10.0, "%".into(), at + 1),
        _ => {}
    }
    let rest: String = chars[at..].iter().take(2).collect();
    if let Some(time) = TIMES.iter().find(|time| rest.starts_with(**time)) {
        return (factor, (*time).into(), at + time.chars().count());
    }
    let latin: String = chars[at..].iter().take_while(|c| c.is_ascii_alphabetic() || **c == '%').collect();
    // Blanks belong to the figure only where a unit follows them.
    let after = if latin.is_empty() && factor == 1.0 { end } else { at + latin.len() };
    (factor, latin, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(claimed: &str, known: &str, expect: bool) {
        let (claimed, known) = (figures(claimed), figures(known));
        let agrees = claimed.iter().all(|figure| known.iter().any(|other| figure.agrees(other)));
        assert_eq!(agrees && !claimed.is_empty(), expect, "{claimed:?} {known:?}");
    }

    #[test]
    fn the_same_figure_in_other_spellings_agrees() {
        check("48GB", "只要 48 GB 显存", true);
        check("约 1000 条", "共 1,000 条", true);
        check("百分之八十", "80%", true);
        check("80%", "百分之八十", true);
        check("十五个", "15 个", true);
        check("3.5万", "35000", true);
        check("八成", "80%", true);
        check("82%", "0.82", true);
    }

    #[test]
    fn another_value_or_another_unit_does_not() {
        check("47GB", "48 GB", false);
        check("48%", "48 GB", false);
        check("65 分钟", "65 小时", false);
        check("0.6", "0.06", false);
        check("十六个", "15 个", false);
    }

    #[test]
    fn digits_in_names_and_words_of_one_are_no_figures() {
        assert!(figures("e5、BM25 与 k1,一般来说,统一处理").is_empty());
    }
}
