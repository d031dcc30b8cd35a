//! The report card as one page that needs nothing else: the headlines, every share by slice, and each failed question
//! with its answer, what failed and what it cites.

use super::asked::Asked;
use super::card::{Metrics, ReportCard};
use super::measure::{MEASURES, QUANTITIES, Share, Spread};
use crate::language::Lang;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

const TEMPLATE: &str = include_str!("card.html");
/// Measures that the page opens with; the latency comes beside them.
const HEADLINES: usize = 7;

#[derive(Serialize)]
struct Row<'a> {
    label: &'a str,
    is_good: bool,
    all: Share,
    /// In the order of the slices.
    slices: Vec<Share>,
}

#[derive(Serialize)]
struct QuantityRow<'a> {
    label: &'a str,
    unit: &'a str,
    spread: Option<Spread>,
}

/// The page. `all` is what the card was computed from.
pub fn card_page(card: &ReportCard, all: &[Asked], lang: Lang) -> String {
    let of = |metrics: &Metrics, name: &str| metrics.shares[name];
    let rows: Vec<Row> = MEASURES
        .iter()
        .map(|measure| Row {
            label: measure.label(lang),
            is_good: measure.is_good,
            all: of(&card.all, measure.name),
            slices: card.slices.values().map(|metrics| of(metrics, measure.name)).collect(),
        })
        .collect();
    let quantities: Vec<QuantityRow> = QUANTITIES
        .iter()
        .map(|quantity| QuantityRow {
            label: lang.pick(quantity.about.0, quantity.about.1),
            unit: quantity.unit,
            spread: card.all.quantities[quantity.name],
        })
        .collect();
    let slices: Vec<(&String, usize)> = card.slices.iter().map(|(name, metrics)| (name, metrics.questions)).collect();
    let failed: Vec<&Asked> = all.iter().filter(|asked| !asked.passed).collect();
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    environment.add_filter("percent", percent);
    let values = context! {
        zh => lang == Lang::Zh,
        card => Value::from(Serde(card)),
        headlines => Value::from(Serde(&rows[..HEADLINES])),
        rows => Value::from(Serde(&rows)),
        quantities => Value::from(Serde(&quantities)),
        slices => Value::from(Serde(&slices)),
        failed => Value::from(Serde(&failed)),
    };
    environment.render_str(TEMPLATE, values).expect("a test renders the template with every kind of value")
}

/// Of a share: `83.3 %`, or a dash of nothing.
fn percent(share: &Value) -> Result<String, minijinja::Error> {
    let of: usize = share.get_attr("of")?.try_into()?;
    let value: f64 = share.get_attr("value")?.try_into()?;
    Ok(if of == 0 { "–".into() } else { format!("{:.1} %", 100.0 * value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::asked::Source;
    use crate::eval::fixture::asked;

    #[test]
    fn failed_questions_are_shown_with_what_they_cite_and_nothing_is_markup() {
        let source = Source {
            marker: 1,
            doc: "cat".into(),
            title: "猫".into(),
            place: "cat.md:3".into(),
            quote: "成年猫一天喂两次。".into(),
        };
        let mut wrong = asked("q1", false, Some("<b>三次</b>[1]"), false);
        (wrong.failures, wrong.sources) = (vec!["must: 两次".into()], vec![source]);
        let again = Asked { repeat: 2, ..wrong.clone() };
        let all = [wrong, again, asked("q2", true, None, true)];
        let card = ReportCard::of("small dev".into(), Some("m".into()), &all);
        for lang in [Lang::Zh, Lang::En] {
            let page = card_page(&card, &all, lang);
            assert!(page.contains("&lt;b&gt;三次") && !page.contains("<b>三次"), "{page}");
            assert!(page.contains("must: 两次") && page.contains("cat.md:3") && page.contains("成年猫一天喂两次。"));
            assert!(page.contains(lang.pick("断言全部成立", "all assertions hold")) && !page.contains("q2"));
        }
    }
}
