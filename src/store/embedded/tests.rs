//! What holds of both legs, whatever is in a collection.

use super::EmbeddedStore;
use crate::document::{Chunk, ChunkId, DocId, Document, Place};
use crate::embedding::{Embedding, ModelId};
use crate::ranking::Ranking;
use crate::store::{DocumentRecord, Filter, LexicalQuery, Start, Store, VectorKey, Writer};
use crate::text::Analyzer;
use proptest::prelude::*;
use std::path::Path;
use std::sync::{Arc, LazyLock};

static ANALYZER: LazyLock<Arc<Analyzer>> = LazyLock::new(|| Arc::new(Analyzer::new(None).unwrap()));
const WORDS: [&str; 6] = ["alpha", "beta", "gamma", "delta", "量化", "检索"];
const TAGS: [&str; 3] = ["a", "b", "c"];

/// Words by number, tags by number, a year, a direction.
#[derive(Debug, Clone)]
struct Note {
    words: Vec<usize>,
    tags: Vec<usize>,
    year: u32,
    vector: Embedding,
}

fn vector() -> impl Strategy<Value = Embedding> {
    prop::collection::vec(-1.0f32..1.0, 4).prop_filter_map("no direction", Embedding::new)
}

fn note() -> impl Strategy<Value = Note> {
    let words = prop::collection::vec(0..WORDS.len(), 1..6);
    let tags = prop::collection::vec(0..TAGS.len(), 0..3);
    (words, tags, 2020u32..2024, vector()).prop_map(|(words, tags, year, vector)| Note { words, tags, year, vector })
}

fn put(writer: &mut dyn Writer, number: usize, note: &Note) {
    let id = DocId(format!("d{number:03}"));
    let text = note.words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ");
    let mut properties = vec![("date".to_string(), format!("{}-05-01", note.year))];
    properties.extend(note.tags.iter().map(|tag| ("tags".to_string(), TAGS[*tag].to_string())));
    let document = Document {
        id: id.clone(),
        title: String::new(),
        aliases: Vec::new(),
        path: "/notes".into(),
        place: Place::default(),
        source: String::new(),
        properties,
        text: text.clone(),
    };
    let chunk = Chunk {
        id: ChunkId { doc: id, ordinal: 0 },
        headings: Vec::new(),
        span: 0..text.len(),
        lines: (1, 1),
        visible: text.clone(),
        searchable: text.clone(),
        plain: text.clone(),
        text,
        ..Chunk::default()
    };
    let key = *blake3::hash(format!("{note:?}").as_bytes()).as_bytes();
    let (source, path) = ("notes".into(), "notes".into());
    let record = DocumentRecord { hash: number.to_string(), source, path, declared: None, twin: 0, chunks: 1 };
    writer.keep_vectors(&[(VectorKey(key), note.vector.clone())]).unwrap();
    writer.put(&document, record, &[(chunk, VectorKey(key))]).unwrap();
}

fn start() -> Start {
    let embedder = ModelId {
        name: "m".into(),
        weights: "w".into(),
        dim: 4,
        pooling: "mean".into(),
        query_prefix: String::new(),
        passage_prefix: String::new(),
    };
    Start { embedder, rebuild: false }
}

/// A collection of these notes, numbered from `first` on.
fn store(dir: &Path, name: &str, first: usize, notes: &[Note]) -> EmbeddedStore {
    let store = EmbeddedStore::new(dir, name, ANALYZER.clone(), usize::MAX).unwrap();
    let mut writer = store.writer(start()).unwrap();
    for (number, note) in notes.iter().enumerate() {
        put(writer.as_mut(), first + number, note);
    }
    writer.publish().unwrap();
    store
}

fn lexical_query() -> LexicalQuery {
    let words = [("alpha", 1.0), ("gamma", 0.5), ("量化", 0.6)];
    LexicalQuery { words: words.map(|(word, weight)| (word.to_string(), weight)).to_vec(), pairs: Vec::new() }
}

fn scored(ranking: &Ranking) -> Vec<(String, f32)> {
    ranking.iter().map(|found| (found.chunk.to_string(), found.score)).collect()
}

/// The same up to rounding: sums are not always taken in the same order, so near ties may stand otherwise.
fn assert_same(got: &[(String, f32)], expect: &[(String, f32)], all: &[(String, f32)]) -> Result<(), TestCaseError> {
    prop_assert_eq!(got.len(), expect.len());
    for ((chunk, score), (_, expected)) in got.iter().zip(expect) {
        prop_assert!((score - expected).abs() < 1e-5, "{:?} {:?}", got, expect);
        let known = all.iter().find(|(other, _)| other == chunk);
        prop_assert!(known.is_some_and(|(_, known)| (known - score).abs() < 1e-5), "{}", chunk);
    }
    Ok(())
}

/// Whether a note is admitted by `tag=TAG` (or not, for `tag!=TAG`) and `date>=YEAR`.
fn admits(note: &Note, tag: usize, is_not: bool, year: u32) -> bool {
    note.tags.contains(&tag) != is_not && note.year >= year
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn filters_come_before_the_first_k_in_both_legs(
        notes in prop::collection::vec(note(), 1..40),
        query in vector(),
        tag in 0..TAGS.len(),
        is_not in any::<bool>(),
        year in 2020u32..2024,
        limit in 1usize..8,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = store(dir.path(), "notes", 0, &notes).snapshot().unwrap();
        prop_assume!(notes.iter().any(|note| !note.tags.is_empty()));
        let sign = if is_not { "!=" } else { "=" };
        let filter = Filter::parse(&format!("tag{sign}{}\ndate>={year}", TAGS[tag])).unwrap();
        let all = Filter::default();
        let check = |got: Ranking, all: Ranking| {
            let is_admitted = |(chunk, _): &(String, f32)| {
                admits(&notes[chunk[1..4].parse::<usize>().unwrap()], tag, is_not, year)
            };
            let all: Vec<(String, f32)> = scored(&all).into_iter().filter(is_admitted).collect();
            assert_same(&scored(&got), &all[..limit.min(all.len())], &all)
        };
        let words = lexical_query();
        check(snapshot.lexical(&words, &filter, limit).unwrap(), snapshot.lexical(&words, &all, 100).unwrap())?;
        check(snapshot.dense(&query, &filter, limit).unwrap(), snapshot.dense(&query, &all, 100).unwrap())?;
    }

    #[test]
    fn after_any_changes_both_legs_agree_with_a_fresh_index(
        begin in prop::collection::vec(note(), 1..12),
        changes in prop::collection::vec(prop::collection::vec((0usize..12, prop::option::of(note())), 1..5), 1..4),
        query in vector(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let changed = store(dir.path(), "changed", 0, &begin);
        let mut notes: Vec<Option<Note>> = begin.into_iter().map(Some).collect();
        notes.resize(12, None);
        for generation in changes {
            let mut writer = changed.writer(start()).unwrap();
            for (number, note) in generation {
                match &note {
                    Some(note) => put(writer.as_mut(), number, note),
                    None => writer.delete(&DocId(format!("d{number:03}"))).unwrap(),
                }
                notes[number] = note;
            }
            writer.publish().unwrap();
        }
        let fresh = EmbeddedStore::new(dir.path(), "fresh", ANALYZER.clone(), usize::MAX).unwrap();
        let mut writer = fresh.writer(start()).unwrap();
        for (number, note) in notes.iter().enumerate() {
            note.iter().for_each(|note| put(writer.as_mut(), number, note));
        }
        writer.publish().unwrap();
        let (changed, fresh) = (changed.snapshot().unwrap(), fresh.snapshot().unwrap());
        let (words, all) = (lexical_query(), Filter::default());
        let check = |got: Ranking, expect: Ranking| assert_same(&scored(&got), &scored(&expect), &scored(&expect));
        check(changed.lexical(&words, &all, 100).unwrap(), fresh.lexical(&words, &all, 100).unwrap())?;
        check(changed.dense(&query, &all, 100).unwrap(), fresh.dense(&query, &all, 100).unwrap())?;
        prop_assert_eq!(changed.about().chunks, fresh.about().chunks);
        let terms = ["alpha".to_string(), "检索".to_string()];
        prop_assert_eq!(changed.document_frequencies(&terms).unwrap(), fresh.document_frequencies(&terms).unwrap());
    }

    #[test]
    fn collections_joined_rank_as_one_that_holds_them_all(
        notes in prop::collection::vec(note(), 2..30),
        query in vector(),
        cut in 0.0f64..1.0,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let cut = 1 + (cut * (notes.len() - 1) as f64) as usize;
        let whole = store(dir.path(), "whole", 0, &notes).snapshot().unwrap();
        let parts = [store(dir.path(), "one", 0, &notes[..cut]), store(dir.path(), "two", cut, &notes[cut..])];
        let joined = EmbeddedStore::join(&parts).unwrap();
        prop_assert_eq!(joined.about().chunks, notes.len());
        let (words, all) = (lexical_query(), Filter::default());
        let check = |of_joined: &Ranking, of_whole: Ranking| {
            let without_name = |(chunk, score): (String, f32)| (chunk.split_once(':').unwrap().1.to_string(), score);
            let of_joined: Vec<(String, f32)> = scored(of_joined).into_iter().map(without_name).collect();
            assert_same(&of_joined, &scored(&of_whole), &scored(&of_whole))
        };
        let of_joined = joined.lexical(&words, &all, 100).unwrap();
        check(&of_joined, whole.lexical(&words, &all, 100).unwrap())?;
        check(&joined.dense(&query, &all, 100).unwrap(), whole.dense(&query, &all, 100).unwrap())?;
        let ids: Vec<ChunkId> = of_joined.iter().map(|found| found.chunk.clone()).collect();
        for (found, score) in of_joined.iter().zip(joined.lexical_scores(&words, &ids).unwrap()) {
            prop_assert!((found.score - score).abs() < 1e-5);
            let shares: f32 = joined.term_shares(&words, &found.chunk).unwrap().iter().map(|share| share.score).sum();
            prop_assert!((shares - score).abs() < 1e-5);
        }
        let terms = ["alpha".to_string(), "检索".to_string()];
        prop_assert_eq!(joined.document_frequencies(&terms).unwrap(), whole.document_frequencies(&terms).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn scores_and_order_are_those_of_a_fresh_index_to_the_bit_in_whatever_order_the_changes_came(
        notes in prop::collection::vec(note(), 2..24),
        orders in prop::collection::vec(prop::collection::vec(0usize..1000, 24), 2),
        cuts in prop::collection::vec(1usize..12, 1..4),
        limit in 1usize..12,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let fresh = store(dir.path(), "fresh", 0, &notes).snapshot().unwrap();
        let (words, all) = (lexical_query(), Filter::default());
        let expect = fresh.lexical(&words, &all, limit).unwrap();
        let ids: Vec<ChunkId> = (0..notes.len()).map(|n| ChunkId { doc: DocId(format!("d{n:03}")), ordinal: 0 }).collect();
        for (round, order) in orders.iter().enumerate() {
            let mut sequence: Vec<usize> = (0..notes.len()).collect();
            sequence.sort_by_key(|number| order[*number]);
            let changed = EmbeddedStore::new(dir.path(), &format!("c{round}"), ANALYZER.clone(), usize::MAX).unwrap();
            // What is to be replaced, and what is to go again.
            let mut writer = changed.writer(start()).unwrap();
            for number in sequence.iter().rev().step_by(2) {
                put(writer.as_mut(), *number, &notes[(number + 1) % notes.len()]);
                put(writer.as_mut(), 100 + number, &notes[*number]);
            }
            writer.publish().unwrap();
            for part in sequence.chunks(cuts[round % cuts.len()]) {
                let mut writer = changed.writer(start()).unwrap();
                for number in part {
                    put(writer.as_mut(), *number, &notes[*number]);
                    writer.delete(&DocId(format!("d{:03}", 100 + number))).unwrap();
                }
                writer.publish().unwrap();
            }
            let changed = changed.snapshot().unwrap();
            prop_assert_eq!(scored(&changed.lexical(&words, &all, limit).unwrap()), scored(&expect));
            prop_assert_eq!(changed.lexical_scores(&words, &ids).unwrap(), fresh.lexical_scores(&words, &ids).unwrap());
        }
    }
}

/// Nine runs and more: small segments are merged on the way, and so are those with deleted chunks.
#[test]
fn many_small_runs_that_replace_and_delete_all_succeed() {
    let dir = tempfile::tempdir().unwrap();
    let vector = Embedding::new(vec![1.0, 0.5, 0.5, 0.1]).unwrap();
    let note = |n: usize| Note { words: vec![n % 6, 0], tags: vec![], year: 2021, vector: vector.clone() };
    let store = store(dir.path(), "many", 0, &(0..4).map(note).collect::<Vec<_>>());
    for round in 0..24 {
        let mut writer = store.writer(start()).unwrap();
        put(writer.as_mut(), round % 5, &note(round));
        put(writer.as_mut(), 10 + round, &note(round));
        writer.delete(&DocId(format!("d{:03}", 10 + round / 2))).unwrap();
        writer.publish().unwrap();
    }
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.about().chunks, 5 + 12);
    assert_eq!(snapshot.lexical(&lexical_query(), &Filter::default(), 100).unwrap().len(), 5 + 12);
}

/// Makes of the published generation what the format before wrote: no checksums, and keys without them.
fn as_format_two(dir: &Path) {
    let manifest = dir.join("generations/1/manifest.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let id = blake3::hash(&serde_json::to_vec(&start().embedder).unwrap());
    let (now, then) = (json["vector_log"].as_str().unwrap().to_string(), format!("{}-000001", &id.to_hex()[..16]));
    for suffix in ["f32", "i8", "keys"] {
        let path = dir.join(format!("vectors/{now}.{suffix}"));
        std::fs::rename(path, dir.join(format!("vectors/{then}.{suffix}"))).unwrap();
    }
    let keys = dir.join(format!("vectors/{then}.keys"));
    let bytes = std::fs::read(&keys).unwrap();
    std::fs::write(&keys, bytes.chunks(40).flat_map(|record| record[..32].to_vec()).collect::<Vec<u8>>()).unwrap();
    json["vector_log"] = then.into();
    json["format"] = 2.into();
    json.as_object_mut().unwrap().remove("files");
    std::fs::write(manifest, json.to_string()).unwrap();
    std::fs::write(dir.join("CURRENT"), "1\n").unwrap();
    std::fs::remove_file(dir.join("sources.json")).unwrap();
}

#[test]
fn an_index_of_the_format_before_is_told_as_that_and_its_vectors_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let vector = |n: usize| Embedding::new(vec![1.0, n as f32, 0.5, 0.1]).unwrap();
    let notes: Vec<Note> =
        (0..9).map(|n| Note { words: vec![n % 6, 0], tags: vec![], year: 2021, vector: vector(n) }).collect();
    let collections = dir.path().join("collections");
    let store = store(&collections, "notes", 0, &notes);
    let expect = scored(&store.snapshot().unwrap().dense(&vector(3), &Filter::default(), 9).unwrap());
    as_format_two(&collections.join("notes"));
    let error = store.snapshot().err().unwrap();
    assert!(error.to_string().contains("format 2"), "{error}");
    let hint = error.hint(crate::language::Lang::En);
    assert_eq!(hint.as_deref(), Some("rag index -c notes writes it anew; the vectors are kept"));
    assert_eq!(store.held().unwrap().unwrap().documents["notes"], 9);
    let mut writer = store.writer(start()).unwrap();
    assert!(writer.begins_anew() && writer.documents().is_empty() && writer.remembered().len() == 9);
    let key = |note: &Note| VectorKey(*blake3::hash(format!("{note:?}").as_bytes()).as_bytes());
    writer.adopt_vectors(&notes.iter().map(key).collect::<Vec<_>>()).unwrap();
    assert!(notes.iter().all(|note| writer.has_vector(&key(note))));
    notes.iter().enumerate().for_each(|(number, note)| put(writer.as_mut(), number, note));
    writer.publish().unwrap();
    let found = store.snapshot().unwrap().dense(&vector(3), &Filter::default(), 9).unwrap();
    assert_eq!(scored(&found), expect);
    assert!(store.examine().problems.is_empty());
}

/// The pointer alone says which format a generation may be of: one that lost its checksum is no older one.
#[test]
fn a_pointer_cut_short_is_damage_though_it_names_a_generation() {
    let dir = tempfile::tempdir().unwrap();
    let vector = Embedding::new(vec![1.0, 0.5, 0.5, 0.1]).unwrap();
    let store = store(dir.path(), "notes", 0, &[Note { words: vec![0], tags: vec![], year: 2021, vector }]);
    let current = dir.path().join("notes/CURRENT");
    let whole = std::fs::read(&current).unwrap();
    for length in 0..whole.len() - 1 {
        std::fs::write(&current, &whole[..length]).unwrap();
        let error = store.snapshot().err().unwrap();
        assert!(error.downcast_ref::<crate::store::StoreProblem>().unwrap().is_damage(), "{length}: {error}");
        assert!(store.writer(start()).is_err());
    }
    assert!(store.writer(Start { rebuild: true, ..start() }).is_ok());
}

/// What a disk does to a large file, which opening does not read whole. Here the file changes after it was opened.
#[test]
fn whatever_the_inverted_index_reads_it_never_panics_and_says_what_is_damaged() {
    let (words, all) = (lexical_query(), Filter::default());
    let notes: Vec<Note> = (0..30)
        .map(|n| Note {
            words: vec![n % 6, (n / 2) % 6, 0],
            tags: vec![n % 3],
            year: 2020 + n as u32 % 3,
            vector: Embedding::new(vec![1.0, n as f32, 0.5, 0.1]).unwrap(),
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(11);
    let mut told = 0;
    for round in 0..24 {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path(), "notes", 0, &notes);
        let snapshot = store.snapshot().unwrap();
        let ids: Vec<ChunkId> =
            snapshot.lexical(&words, &all, 100).unwrap().iter().map(|found| found.chunk.clone()).collect();
        // Another one, that has read nothing yet.
        let snapshot = store.snapshot().unwrap();
        let files = std::fs::read_dir(dir.path().join("notes/generations/1/lexical")).unwrap();
        let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let path = &files[round % files.len()];
        let mut bytes = std::fs::read(path).unwrap();
        bytes.iter_mut().for_each(|byte| *byte = if round % 2 == 0 { 0xff } else { random.u8(..) });
        // In place, so that what is mapped changes.
        let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let outcomes = [
            snapshot.lexical(&words, &all, 100).err(),
            snapshot.fetch(&ids).err(),
            snapshot.lexical_scores(&words, &ids).err(),
            snapshot.lexical(&words, &Filter::parse("tag=a").unwrap(), 5).err(),
            snapshot.vocabulary("a").err(),
        ];
        for error in outcomes.into_iter().flatten() {
            told += 1;
            let problem = error.downcast_ref::<crate::store::StoreProblem>();
            assert!(problem.is_some_and(|problem| problem.is_damage()), "{}: {error:?}", path.display());
        }
        assert_eq!(store.examine().problems.len(), usize::from(!bytes.is_empty()), "{}", path.display());
    }
    assert!(told > 10, "{told}");
}
