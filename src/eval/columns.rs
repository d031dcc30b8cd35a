//! Columns: the fields of a line of judgements or of a run.
//!
//! Ids may hold blanks (`Java 虚拟机.md`), so we write tabs between columns. What others write has blanks between them, and
//! what earlier versions of ours wrote has both meanings: there an id is what the columns around it leave.

use super::EvalProblem;

/// The columns of a line with tabs in it, empty ones left out; none where it has no tab, or too few to be columns.
pub fn tabbed(line: &str, columns_min: usize) -> Option<Vec<&str>> {
    let columns: Vec<&str> = line.split('\t').filter(|column| !column.trim().is_empty()).collect();
    (line.contains('\t') && columns.len() >= columns_min).then_some(columns)
}

/// The columns of a line with blanks between them: `before` of them, what is left as one, and `after`. None where nothing is
/// left. Blanks are those of ASCII: a full-width one is part of an id.
pub fn blanked(line: &str, before: usize, after: usize) -> Option<Vec<&str>> {
    let mut rest = line.trim_ascii();
    let (mut first, mut last) = (Vec::with_capacity(before + after + 1), Vec::with_capacity(after));
    for _ in 0..before {
        let (column, behind) = rest.split_once(|c: char| c.is_ascii_whitespace())?;
        first.push(column);
        rest = behind.trim_ascii_start();
    }
    for _ in 0..after {
        let (ahead, column) = rest.rsplit_once(|c: char| c.is_ascii_whitespace())?;
        last.push(column);
        rest = ahead.trim_ascii_end();
    }
    (!rest.is_empty()).then(|| {
        first.push(rest);
        first.extend(last.into_iter().rev());
        first
    })
}

/// An error where `id` would break a line of columns. Ids of files cannot, those of JSON Lines can.
pub fn require_writable(id: &str) -> Result<(), EvalProblem> {
    match id.contains(['\t', '\n', '\r']) || id.trim().is_empty() {
        true => Err(EvalProblem::UnwritableId { id: id.into() }),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_part_columns_and_blanks_are_part_of_them() {
        assert_eq!(tabbed("q 1\t0\tJava 虚拟机.md\t3", 3), Some(vec!["q 1", "0", "Java 虚拟机.md", "3"]));
        assert_eq!(tabbed("q1\t\td1\t1\t", 3), Some(vec!["q1", "d1", "1"]));
        assert_eq!(tabbed("q1 0\td1 1", 3), None);
        assert_eq!(tabbed("q1 0 d1 1", 3), None);
    }

    #[test]
    fn of_blanks_an_id_is_what_the_others_leave() {
        assert_eq!(blanked("q1  0 周会 纪要　二.md 3 ", 2, 1), Some(vec!["q1", "0", "周会 纪要　二.md", "3"]));
        assert_eq!(blanked("q1 d1 1", 1, 1), Some(vec!["q1", "d1", "1"]));
        assert_eq!(blanked("q1 d1", 1, 1), None);
        assert_eq!(blanked("", 0, 0), None);
    }

    #[test]
    fn an_id_that_would_break_a_line_is_refused() {
        for id in ["a\tb", "a\nb", "a\r", "", " "] {
            assert!(require_writable(id).is_err(), "{id:?}");
        }
        for id in ["Java 虚拟机.md", "a　b", "a#1: 2", " a"] {
            assert!(require_writable(id).is_ok(), "{id:?}");
        }
    }
}
