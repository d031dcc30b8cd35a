//! What a user is told of a filter: values that it could not compare, and that it admits nothing.

use super::render;
use crate::engine::{FilterOutcome, Uncompared};
use crate::language::Lang;

/// On stderr, whatever is printed on stdout.
pub fn tell(outcome: &FilterOutcome, lang: Lang) {
    for Uncompared { condition, key, values, example } in &outcome.uncompared {
        let noun = if *values == 1 { "value" } else { "values" };
        render::warning(&lang.pick(
            format!("{condition}:{key} 有 {values} 个值无法与它比较,已略过,例如 {example:?}"),
            format!(
                "{condition}: passed over {values} {noun} of {key} that cannot be compared with it, such as {example:?}"
            ),
        ));
    }
    if !outcome.admits_nothing.is_empty() {
        let conditions = outcome.admits_nothing.join(lang.pick(" 与 ", " and "));
        render::note(&lang.pick(format!("没有文档满足 {conditions}"), format!("no document satisfies {conditions}")));
    }
}
