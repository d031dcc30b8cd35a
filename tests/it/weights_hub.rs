//! Every way in which a model hub fails in the middle of a pull, scripted.

use crate::scripted_hub::{Act, Hub, cut, rest, rest_cut, status, whole};
use crate::weights::{CONTENT, NO_HUB, Room, TEXT, artifact, file, hub_file, sources, tried};
use rag::language::Lang;
use rag::models::weights::{Origin, Pulled, Source, Sources, State, Token};
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

const TOKEN: &str = "hf_secret4f9a1c77";
const PART: &str = ".model.bin.part";

/// The hub is the only source of `model.bin`.
fn room(hub: &Hub) -> Room {
    Room::new(sources(&hub.url), artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]))
}

fn check_whole(room: &Room, pulled: &Pulled, fetched_bytes: u64) {
    assert_eq!((&pulled.sources, pulled.fetched_bytes), (&BTreeSet::from([Source::Hub]), fetched_bytes));
    assert_eq!(fs::read(room.path("model.bin")).unwrap(), CONTENT);
    assert_eq!(room.names(), ["model.bin"], "nothing else is left");
}

fn check_refused(room: &Room, why: &str) {
    let error = room.pull().unwrap_err();
    match &tried(&error)[..] {
        [(Source::Hub, said)] => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    }
    assert!(!room.path("model.bin").exists());
}

#[test]
fn the_file_is_asked_for_by_repository_and_path() {
    let hub = Hub::play(vec![whole(CONTENT)]);
    let room = room(&hub);
    check_whole(&room, &room.pull().unwrap(), 2000);
    let request = &hub.requests()[0];
    assert!(request.starts_with("get /owner/model/resolve/main/model.bin http/1.1\r\n"), "{request}");
    assert!(!request.contains("range:") && !request.contains("authorization:"), "{request}");
}

#[test]
fn a_cut_download_goes_on_where_it_stopped() {
    let hub = Hub::play(vec![cut(CONTENT, 700), rest_cut(CONTENT, 700, 900), rest(CONTENT, 900)]);
    let room = room(&hub);
    check_whole(&room, &room.pull().unwrap(), 2000);
    let requests = hub.requests();
    assert!(requests[1].contains("range: bytes=700-\r\n") && requests[2].contains("range: bytes=900-\r\n"));
}

#[test]
fn what_a_killed_pull_left_is_not_fetched_again() {
    let hub = Hub::play(vec![rest(CONTENT, 600)]);
    let room = room(&hub);
    room.leave(PART, &CONTENT[..600]);
    room.leave(".model.bin.new", b"half a copy");
    assert_eq!(room.weights.state("model").unwrap(), State::Partial);
    room.pull().unwrap();
    assert_eq!(fs::read(room.path("model.bin")).unwrap(), CONTENT);
    assert!(hub.requests()[0].contains("range: bytes=600-\r\n"));
}

#[test]
fn a_part_that_does_not_fit_is_fetched_from_the_start() {
    let too_long = [CONTENT, b"more"].concat();
    for (left, answers) in [
        (&CONTENT[..600], vec![whole(CONTENT)]), // knows no ranges
        (&CONTENT[..600], vec![status(416, ""), whole(CONTENT)]),
        (&too_long[..], vec![whole(CONTENT)]),
    ] {
        let hub = Hub::play(answers);
        let room = room(&hub);
        room.leave(PART, left);
        check_whole(&room, &room.pull().unwrap(), 2000);
    }
}

#[test]
fn a_wrong_part_fails_the_checksum_and_does_not_spoil_the_next_pull() {
    let hub = Hub::play(vec![rest(CONTENT, 600), whole(CONTENT)]);
    let room = room(&hub);
    room.leave(PART, &[b'x'; 600]);
    check_refused(&room, "its sha256 is");
    assert_eq!(room.names(), [""; 0]);
    check_whole(&room, &room.pull().unwrap(), 2000);
}

#[test]
fn another_file_than_the_pinned_one_is_refused_and_not_kept() {
    let other = [b'x'; 2000];
    let hub = Hub::play(vec![whole(&other)]);
    let room1 = room(&hub);
    check_refused(&room1, "its sha256 is");
    assert_eq!(room1.names(), [""; 0]);
    let hub = Hub::play(vec![whole(&other[..1999])]);
    check_refused(&room(&hub), "has 1999 bytes instead of 2000");
    // Without a length in its head, so that only what arrives tells.
    let endless = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), CONTENT, &other].concat();
    let hub = Hub::play(vec![vec![Act::Send(endless)]]);
    check_refused(&room(&hub), "bytes instead of 2000");
}

#[test]
fn a_range_of_another_file_is_refused_and_the_part_kept() {
    let longer = [CONTENT, b"more"].concat();
    let hub = Hub::play(vec![rest(&longer, 600)]);
    let room1 = room(&hub);
    room1.leave(PART, &CONTENT[..600]);
    check_refused(&room1, "has 2004 bytes instead of 2000");
    let hub = Hub::play(vec![rest(CONTENT, 500)]);
    let room2 = room(&hub);
    room2.leave(PART, &CONTENT[..600]);
    check_refused(&room2, "the range it sent is not the one asked for");
    assert_eq!(fs::read(room2.path(PART)).unwrap(), &CONTENT[..600]);
}

#[test]
fn a_hub_that_cuts_again_and_again_is_left_and_the_part_kept() {
    let cuts = (1..4).map(|i| rest_cut(CONTENT, i * 100, i * 100 + 100));
    let hub = Hub::play([cut(CONTENT, 100)].into_iter().chain(cuts).chain([rest(CONTENT, 400)]).collect());
    let room1 = room(&hub);
    check_refused(&room1, "cut the transfer after 400 bytes");
    assert_eq!(hub.requests().len(), 4);
    assert_eq!(room1.names(), [PART]);
    let later = Hub::play(vec![rest(CONTENT, 400)]);
    let room2 = room(&later);
    room2.leave(PART, &CONTENT[..400]);
    check_whole(&room2, &room2.pull().unwrap(), 1600);
}

/// Two files that the hub has and the program as well.
fn two_files() -> rag::models::weights::Artifact {
    let origins = || vec![hub_file(), Origin::Text(TEXT)];
    artifact(vec![file("a.txt", TEXT.as_bytes(), origins()), file("b.txt", TEXT.as_bytes(), origins())])
}

fn check_next_source_is_asked(hub: &str) {
    let room = Room::new(sources(hub), two_files());
    let start = Instant::now();
    assert_eq!(room.pull().unwrap().sources, BTreeSet::from([Source::BuiltIn]));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(room.names(), ["a.txt", "b.txt"], "no part is left");
    assert_eq!(fs::read_to_string(room.path("b.txt")).unwrap(), TEXT);
}

#[test]
fn a_silent_hub_is_left_within_the_patience_and_not_asked_for_the_next_file() {
    let hub = Hub::play(vec![vec![Act::Silence], whole(TEXT.as_bytes())]);
    check_next_source_is_asked(&hub.url);
    assert_eq!(hub.requests().len(), 1);
}

#[test]
fn a_hub_that_falls_silent_in_the_middle_is_left_within_the_patience() {
    let mut answer = cut(TEXT.as_bytes(), 5);
    answer.push(Act::Silence);
    let hub = Hub::play(vec![answer, vec![Act::Silence]]);
    check_next_source_is_asked(&hub.url);
    assert_eq!(hub.requests().len(), 2, "it is asked for the rest once");
}

#[test]
fn an_unreachable_hub_is_left_at_once() {
    check_next_source_is_asked(NO_HUB);
    check_next_source_is_asked("no address");
    let error =
        Room::new(sources(NO_HUB), artifact(vec![file("model.bin", CONTENT, vec![hub_file()])])).pull().unwrap_err();
    assert!(matches!(&tried(&error)[..], [(Source::Hub, why)] if why.starts_with("127.0.0.1 cannot be reached: ")));
}

#[test]
fn a_hub_without_the_file_is_asked_for_the_next_one() {
    let hub = Hub::play(vec![status(404, ""), whole(TEXT.as_bytes())]);
    let room = Room::new(sources(&hub.url), two_files());
    assert_eq!(room.pull().unwrap().sources, BTreeSet::from([Source::BuiltIn, Source::Hub]));
    assert_eq!(hub.requests().len(), 2);
}

#[test]
fn the_token_goes_to_the_hub_and_nowhere_else() {
    let elsewhere = Hub::play(vec![whole(CONTENT)]);
    let redirect = status(302, &format!("Location: {}/blob\r\n", elsewhere.url));
    let hub = Hub::play(vec![redirect]);
    let with_token = |hub: &Hub| Sources { hub_token: Some(Token::new(TOKEN)), ..sources(&hub.url) };
    let model = || artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]);
    let room = Room::new(with_token(&hub), model());
    check_whole(&room, &room.pull().unwrap(), 2000);
    assert!(hub.requests()[0].contains(&format!("authorization: bearer {TOKEN}\r\n")));
    assert!(elsewhere.requests()[0].starts_with("get /blob ") && !elsewhere.requests()[0].contains(TOKEN));

    let gated = Hub::play(vec![status(401, "")]);
    let room = Room::new(with_token(&gated), model());
    let error = room.pull().unwrap_err();
    let shown = [
        format!("{error:?} {:?}", room.weights),
        error.message(Lang::Zh) + &error.hint(Lang::Zh).unwrap(),
        error.message(Lang::En) + &error.hint(Lang::En).unwrap(),
    ];
    assert!(gated.requests()[0].contains(TOKEN) && shown[2].contains("127.0.0.1 answered 401"));
    assert!(shown.iter().all(|text| !text.contains(TOKEN)), "{shown:?}");
}

#[test]
fn a_password_in_the_hubs_address_is_in_no_error() {
    let hub = Hub::play(vec![status(403, "")]);
    let url = hub.url.replace("http://", "http://me:hunter2@");
    let room = Room::new(sources(&url), artifact(vec![file("model.bin", CONTENT, vec![hub_file()])]));
    let error = room.pull().unwrap_err();
    assert!(tried(&error)[0].1.contains("answered 403"));
    assert!(!format!("{error:?} {error} {}", error.message(Lang::Zh)).contains("hunter2"));
}
