//! A section: a heading and the section it stands in. Held once per document, however much stands below it.

/// Longer headings are cut off where they are named above a passage; where they stand they are whole.
const HEADING_CHARS_MAX: usize = 120;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Index of the section around it.
    pub parent: Option<usize>,
    /// 1 is the highest.
    pub level: u8,
    /// On one line, at most 120 characters.
    pub heading: String,
}

/// The sections of a document, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sections(Vec<Section>);

impl Sections {
    /// Begins a section of `level` below those that are open, and returns its index.
    pub fn begin(&mut self, level: u8, heading: &str) -> usize {
        let mut parent = self.0.len().checked_sub(1);
        while let Some(above) = parent.filter(|above| self.0[*above].level >= level) {
            parent = self.0[above].parent;
        }
        let heading = heading.split_whitespace().collect::<Vec<_>>().join(" ");
        let heading = match heading.char_indices().nth(HEADING_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &heading[..end]),
            None => heading,
        };
        self.0.push(Section { parent, level, heading });
        self.0.len() - 1
    }

    pub fn get(&self, index: usize) -> &Section {
        &self.0[index]
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Section> {
        self.0.iter()
    }

    /// 0 for what stands above all headings.
    pub fn level(&self, section: Option<usize>) -> u8 {
        section.map_or(0, |section| self.0[section].level)
    }

    /// The innermost section that both stand in.
    pub fn common(&self, a: Option<usize>, b: Option<usize>) -> Option<usize> {
        let (mut a, mut b) = (a?, b?);
        // A section comes after those around it.
        while a != b {
            if a > b {
                a = self.0[a].parent?;
            } else {
                b = self.0[b].parent?;
            }
        }
        Some(a)
    }

    /// The headings from the outermost down to that of `section`.
    pub fn path(&self, section: Option<usize>) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = section;
        while let Some(index) = at {
            path.push(self.0[index].heading.clone());
            at = self.0[index].parent;
        }
        path.reverse();
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_have_in_common() {
        let mut sections = Sections::default();
        let [a, b, c, d] =
            [(1, "a"), (2, "b"), (4, "c"), (2, "d")].map(|(level, heading)| sections.begin(level, heading));
        assert_eq!(sections.path(Some(c)), ["a", "b", "c"]);
        assert_eq!(sections.path(Some(d)), ["a", "d"]);
        assert_eq!(sections.common(Some(c), Some(d)), Some(a));
        assert_eq!(sections.common(Some(c), Some(b)), Some(b));
        assert_eq!(sections.common(None, Some(b)), None);
        let long = sections.begin(3, &"长 ".repeat(300));
        assert_eq!(sections.get(long).heading.chars().count(), 121);
    }
}
