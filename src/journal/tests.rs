use super::*;
use std::collections::BTreeMap;

const WIDE: Limits = Limits { bytes_max: 1 << 20, days_max: Some(30) };

fn open(folder: &Path, limits: Limits) -> Result<Journal> {
    Journal::open(folder, limits, Redactor::new(vec!["blue-heron-7".into()]))
}

fn entry(question: &str) -> Entry {
    let sentences = serde_json::json!([{ "text": "甲。", "verdict": "unsupported", "markers": [] }]);
    Entry { question: question.into(), answer: Some("甲。[?]".into()), sentences, total_ms: 10.0, ..Entry::default() }
}

#[test]
fn what_is_recorded_is_read_back_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    let first = journal.record(&entry("我的 key 是 sk-proj-93b1c0ab77d0")).unwrap();
    let second = journal.record(&entry("什么是 \"QLoRA\"")).unwrap();
    assert_eq!(journal.get(Some(first)).unwrap().entry.question, "我的 key 是 [key]");
    let last = journal.get(None).unwrap();
    assert_eq!((last.id, &last.entry), (second, &entry("什么是 \"QLoRA\"")));
    let bytes: Vec<u8> = std::fs::read_dir(folder.path())
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert!(!bytes.windows(6).any(|window| window == b"93b1c0"), "a secret is in a file");
    let error = journal.get(Some(99)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(JournalProblem::NoEntry { id: Some(99) })));
}

#[test]
fn the_last_feedback_counts() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    let id = journal.record(&entry("甲")).unwrap();
    assert_eq!(journal.get(None).unwrap().feedback, None);
    journal.rate(id, &Feedback { rating: Rating::Up, fix: None }).unwrap();
    let down = Feedback { rating: Rating::Down, fix: Some("应为乙".into()) };
    journal.rate(id, &down).unwrap();
    assert_eq!(journal.get(Some(id)).unwrap().feedback, Some(down));
    assert!(journal.rate(id + 1, &Feedback { rating: Rating::Up, fix: None }).is_err());
    assert_eq!((journal.clear().unwrap(), journal.all(None).unwrap().len()), (1, 0));
}

#[test]
fn the_oldest_go_where_there_is_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), Limits { bytes_max: 256 << 10, days_max: None }).unwrap();
    let long = |n: usize| Entry { answer: Some("长".repeat(3000)), ..entry(&format!("第 {n} 个")) };
    let ids: Vec<i64> = (0..60).map(|n| journal.record(&long(n)).unwrap()).collect();
    let left: Vec<i64> = journal.all(None).unwrap().iter().map(|logged| logged.id).collect();
    assert!((10..30).contains(&left.len()), "{left:?}");
    assert_eq!(left, ids[ids.len() - left.len()..], "the newest stay, in order");
    let last: Vec<i64> = journal.last(3).unwrap().iter().map(|logged| logged.id).collect();
    assert_eq!(last, ids[57..]);
    drop(journal);
    let bytes = std::fs::metadata(folder.path().join(FILE)).unwrap().len();
    assert!(bytes <= 280 << 10, "the file shrinks, too: {bytes}");
}

#[test]
fn what_is_too_old_goes_with_the_next_entry() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    let old = journal.record(&entry("旧")).unwrap();
    journal.connection.execute("UPDATE asked SET at = at - 31 * 86400 WHERE id = ?1", [old]).unwrap();
    let new = journal.record(&entry("新")).unwrap();
    let left: Vec<i64> = journal.all(None).unwrap().iter().map(|logged| logged.id).collect();
    assert_eq!(left, [new]);
}

#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    journal.record(&entry("甲")).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

#[test]
fn two_begin_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let record = |n: usize| open(folder.path(), WIDE).and_then(|journal| journal.record(&entry(&n.to_string())));
    let all: Vec<Result<i64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || record(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(open(folder.path(), WIDE).unwrap().all(None).unwrap().len(), 8);
}

#[test]
fn a_kept_answer_is_found_under_its_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    let kept = Kept { text: "甲。[1]".into(), sentences: Default::default(), quotes: vec![(1, "甲。".into())] };
    assert!(journal.keep("a", &kept).unwrap());
    let secret = Kept { text: "写信给 me@example.com。[1]".into(), ..kept.clone() };
    assert!(!journal.keep("c", &secret).unwrap() && journal.recall("c").unwrap().is_none());
    assert_eq!((journal.recall("a").unwrap(), journal.recall("b").unwrap()), (Some(kept), None));
}

#[test]
fn the_file_of_a_newer_version_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), WIDE).unwrap());
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    connection.execute_batch("PRAGMA user_version = 7").unwrap();
    let error = open(folder.path(), WIDE).err().unwrap();
    assert!(matches!(error.downcast_ref(), Some(JournalProblem::Newer { version: 7, .. })), "{error}");
}

#[test]
fn statistics_count_outcomes_and_what_readers_think() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path(), WIDE).unwrap();
    let of_model = |entry: Entry| Entry { template: "ask.zh 1".into(), ..entry };
    journal.record(&of_model(Entry { first_token_ms: Some(5.0), ..entry("甲") })).unwrap();
    journal.record(&of_model(Entry { cached: true, sentences: Default::default(), ..entry("甲") })).unwrap();
    let refused = Entry { answer: None, abstained: true, reason: Some("off_topic".into()), ..entry("乙") };
    let id = journal.record(&refused).unwrap();
    journal.rate(id, &Feedback { rating: Rating::Down, fix: None }).unwrap();
    let missing = Entry { answer: None, error: Some("x".into()), reason: Some("loading".into()), ..entry("丙") };
    journal.record(&missing).unwrap();
    let stats = stats(&journal.all(Some(1)).unwrap());
    assert_eq!((stats.asked, stats.answered, stats.abstained, stats.missing), (4, 2, 1, 1));
    assert_eq!((stats.doubted, stats.cached, stats.hit_rate, stats.up, stats.down), (1, 1, Some(0.5), 0, 1));
    assert_eq!(stats.reasons, BTreeMap::from([("loading".into(), 1), ("off_topic".into(), 1)]));
    assert_eq!(stats.first_token_ms, Some(Percentiles { p50: 5.0, p95: 5.0 }));
    assert_eq!(stats.days.values().sum::<usize>(), 4);
}
