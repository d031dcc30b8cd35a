//! Which document is which: by its source, its path within it and the id it gives itself; and the short id that users
//! see, which it keeps.

use super::walk::SourceFile;
use crate::document::DocId;
use crate::store::{DocumentRecord, Source};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Source, path within it, the id it gives itself, how many before it in the file give themselves the same.
type Key = (String, String, Option<String>, u32);

/// The ids that are given.
pub struct Identities {
    given: HashMap<Key, DocId>,
    taken: HashSet<DocId>,
    /// Who gives itself an id, first come first: the path of its file.
    claimed: HashMap<String, Claim>,
    twins: HashMap<(String, String, String), u32>,
}

struct Claim {
    key: Key,
    path: String,
}

/// What a document is known by.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: DocId,
    pub twin: u32,
    /// The file of another document that gives itself the same id, where there is one.
    pub other: Option<String>,
}

impl Identities {
    /// Documents that were there before keep their ids.
    pub fn of(remembered: &BTreeMap<DocId, DocumentRecord>, sources: &[Source]) -> Identities {
        let roots: HashMap<&str, &Source> = sources.iter().map(|source| (source.name.as_str(), source)).collect();
        let mut identities = Identities {
            given: HashMap::with_capacity(remembered.len()),
            taken: HashSet::with_capacity(remembered.len()),
            claimed: HashMap::new(),
            twins: HashMap::new(),
        };
        for (id, record) in remembered {
            // One whose source was dropped goes with it, and its id is free.
            let Some(source) = roots.get(record.source.as_str()) else { continue };
            let key: Key = (record.source.clone(), record.path.clone(), record.declared.clone(), record.twin);
            if let Some(declared) = record.declared.as_ref().filter(|declared| **declared == id.0) {
                let claim = Claim { key: key.clone(), path: source.path_of(&record.path) };
                identities.claimed.insert(declared.clone(), claim);
            }
            identities.taken.insert(id.clone());
            identities.given.insert(key, id.clone());
        }
        identities
    }

    /// The identity of the next document of `file`. `declared` is the id it gives itself.
    ///
    /// A new document is known by that, or by its path within the source, where no other is; else the name of its source
    /// comes before it, and a number behind it if need be.
    pub fn next(&mut self, file: &SourceFile, declared: Option<&str>) -> Identity {
        let twin = self.twin(file, declared);
        let key: Key = (file.source.clone(), file.relative.clone(), declared.map(Into::into), twin);
        let other = declared.and_then(|declared| self.claim(declared, &key, file));
        let id = match self.given.get(&key) {
            Some(id) => id.clone(),
            None => {
                let id = self.free(file, declared);
                self.taken.insert(id.clone());
                self.given.insert(key, id.clone());
                id
            }
        };
        Identity { id, twin, other }
    }

    fn twin(&mut self, file: &SourceFile, declared: Option<&str>) -> u32 {
        let Some(declared) = declared else { return 0 };
        let seen = self.twins.entry((file.source.clone(), file.relative.clone(), declared.into())).or_default();
        *seen += 1;
        *seen - 1
    }

    fn claim(&mut self, declared: &str, key: &Key, file: &SourceFile) -> Option<String> {
        match self.claimed.get(declared) {
            Some(first) if first.key != *key => Some(first.path.clone()),
            Some(_) => None,
            None => {
                let claim = Claim { key: key.clone(), path: file.absolute.clone() };
                self.claimed.insert(declared.into(), claim);
                None
            }
        }
    }

    fn free(&self, file: &SourceFile, declared: Option<&str>) -> DocId {
        let SourceFile { source, relative, .. } = file;
        let own = declared.unwrap_or(relative);
        // A document that shares its declared id is better known by its file, if that holds no other.
        let by_file =
            (declared.is_some() && file.holds_one()).then_some([relative.clone(), format!("{source}/{relative}")]);
        let longest = if by_file.is_some() { format!("{source}/{relative}") } else { format!("{source}/{own}") };
        let named =
            std::iter::once(own.to_string()).chain(by_file.into_iter().flatten()).chain([format!("{source}/{own}")]);
        let numbered = (2u64..).map(|number| format!("{longest}~{number}"));
        let mut candidates = named.chain(numbered).map(DocId);
        candidates.find(|id| !self.taken.contains(id)).expect("numbers do not end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::walk::Kind;

    fn file(source: &str, relative: &str) -> SourceFile {
        SourceFile {
            path: format!("/{source}/{relative}").into(),
            absolute: format!("/{source}/{relative}"),
            relative: relative.into(),
            source: source.into(),
            stem: String::new(),
            kind: if relative.ends_with("jsonl") { Kind::JsonLines } else { Kind::Markdown },
            modified: None,
        }
    }

    fn record(source: &str, path: &str, declared: Option<&str>) -> DocumentRecord {
        let (source, path, declared) = (source.into(), path.into(), declared.map(Into::into));
        DocumentRecord { hash: String::new(), source, path, declared, twin: 0, chunks: 1 }
    }

    fn none() -> Identities {
        Identities::of(&BTreeMap::new(), &[])
    }

    #[test]
    fn the_same_path_in_two_sources_is_two_documents() {
        let mut ids = none();
        assert_eq!(ids.next(&file("a", "README.md"), None).id.0, "README.md");
        assert_eq!(ids.next(&file("b", "README.md"), None).id.0, "b/README.md");
        assert_eq!(ids.next(&file("b", "sub/x.md"), None).id.0, "sub/x.md");
        // What another document is called already.
        assert_eq!(ids.next(&file("c", "b/README.md"), None).id.0, "c/b/README.md");
    }

    #[test]
    fn an_id_that_two_claim_is_reported_and_both_are_known() {
        let mut ids = none();
        assert_eq!(ids.next(&file("a", "x.md"), Some("id")), Identity { id: DocId("id".into()), twin: 0, other: None });
        let second = ids.next(&file("a", "y.md"), Some("id"));
        assert_eq!(second, Identity { id: DocId("y.md".into()), twin: 0, other: Some("/a/x.md".into()) });
        let mut lines = none();
        let all: Vec<_> = (0..3).map(|_| lines.next(&file("a", "c.jsonl"), Some("7"))).collect();
        let named: Vec<_> = all.iter().map(|one| (one.id.0.as_str(), one.twin, one.other.is_some())).collect();
        assert_eq!(named, [("7", 0, false), ("a/7", 1, true), ("a/7~2", 2, true)]);
    }

    #[test]
    fn a_document_keeps_the_id_it_has() {
        let remembered = BTreeMap::from([
            (DocId("b/README.md".into()), record("b", "README.md", None)),
            (DocId("y.md".into()), record("a", "y.md", Some("id"))),
        ]);
        let mut ids = Identities::of(&remembered, &[Source::at("/a", &[]), Source::at("/b", &[])]);
        assert_eq!(ids.next(&file("b", "README.md"), None).id.0, "b/README.md");
        assert_eq!(ids.next(&file("a", "README.md"), None).id.0, "README.md");
        assert_eq!(ids.next(&file("a", "y.md"), Some("id")).id.0, "y.md");
    }
}
