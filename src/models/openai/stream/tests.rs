use super::*;
use serde_json::json;

const TEXT: &str = "QLoRA 把底座模型量化为 4 位并冻结。<b>梯度</b>穿过底座[1]。";

/// What comes of a stream that arrives in such packets.
fn read<'b>(packets: impl Iterator<Item = &'b [u8]>) -> Result<Completion> {
    let endpoint = Endpoint::new("http://127.0.0.1:9", None, Timeouts::default()).unwrap();
    let mut shown = String::new();
    let mut on = |piece: Piece<'_>| match piece {
        Piece::Text(text) => shown.push_str(text),
        Piece::Reasoning(_) => {}
        Piece::Retracted => shown.clear(),
    };
    let mut answer = Answer::new(&endpoint, Instant::now(), 512, &mut on);
    for packet in packets {
        answer.push(packet)?;
    }
    answer.end()?;
    let completion = answer.complete("m", "text/event-stream")?;
    assert_eq!(completion.text, shown);
    Ok(completion)
}

fn chunk(choice: Value) -> String {
    json!({"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}).to_string()
}

/// The messages of a stream as llama-server, vLLM and Ollama send them: a role, the text in pieces, the reason to stop,
/// the usage, the end.
fn messages(random: &mut fastrand::Rng) -> Vec<String> {
    let mut messages =
        vec![chunk(json!({"index": 0, "delta": {"role": "assistant", "content": null}, "finish_reason": null}))];
    let mut rest = TEXT;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.ceil_char_boundary(random.usize(1..=rest.len().min(12))));
        messages.push(chunk(json!({"index": 0, "delta": {"content": piece}, "finish_reason": null})));
        rest = more;
    }
    messages.push(chunk(json!({"index": 0, "delta": {}, "finish_reason": "stop"})));
    messages.push(json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 7}}).to_string());
    messages.push(DONE.into());
    messages
}

/// As events, with what gateways put between them.
fn stream(messages: &[String], random: &mut fastrand::Rng) -> Vec<u8> {
    let line = ["\n", "\r\n", "\r"][random.usize(..3)];
    let ends = if random.bool() { line.repeat(2) } else { line.to_string() };
    let noise = [
        ": keep-alive",
        "event: ping",
        "event: ping\ndata: ping",
        "data: {\"choices\":null}",
        "data: {\"choices\":[null]}",
        "data: {\"choices\":[{\"index\":0,\"delta\":null,\"finish_reason\":\"\"}]}",
        "data: {\"choices\":[{\"delta\":{\"reasoning\":\"想\",\"reasoning_content\":null}}]}",
        "data: {\"choices\":[],\"error\":{}}",
        "data:",
        "id: 7",
        "retry: 100",
        "data: not json",
        "",
    ];
    let data = if random.bool() { "data: " } else { "data:" };
    let mut stream = String::new();
    for message in messages {
        while random.u8(..3) == 0 {
            // An event's name goes with the blank line behind it.
            stream.push_str(&noise[random.usize(..noise.len())].replace('\n', line));
            stream.push_str(&line.repeat(2));
        }
        stream.push_str(&format!("{data}{message}{ends}"));
    }
    stream.into_bytes()
}

fn packets<'b>(bytes: &'b [u8], random: &mut fastrand::Rng) -> std::slice::Chunks<'b, u8> {
    bytes.chunks(random.usize(1..200))
}

#[test]
fn of_500_streams_with_noise_between_no_finished_answer_is_lost() {
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let stream = stream(&messages(&mut random), &mut random);
        let read = read(packets(&stream, &mut random));
        let completion =
            read.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", String::from_utf8_lossy(&stream)));
        assert_eq!((completion.text.as_str(), &completion.finish), (TEXT, &Finish::Stop), "seed {seed}");
    }
}

#[test]
fn of_500_damaged_streams_none_panics_and_what_was_finished_before_the_damage_stays() {
    let (mut whole, mut cut) = (0, 0);
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let messages = messages(&mut random);
        let mut stream = stream(&messages, &mut random);
        let finished = String::from_utf8_lossy(&stream).find("\"finish_reason\":\"stop\"").unwrap();
        let finished = finished + stream[finished..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap();
        let at = random.usize(..stream.len());
        match random.u8(..4) {
            0 => stream.truncate(at),
            1 => stream[at] ^= 1 << random.u8(..8),
            2 => drop(stream.drain(at..(at + random.usize(1..40)).min(stream.len()))),
            _ => {
                let (from, to) = (random.usize(..stream.len()), random.usize(..stream.len()));
                let moved = stream[from.min(to)..from.max(to)].to_vec();
                drop(stream.splice(at..at, moved));
            }
        }
        match read(packets(&stream, &mut random)) {
            Ok(completion) if completion.text == TEXT => whole += 1,
            other => {
                cut += 1;
                assert!(
                    at < finished,
                    "seed {seed}: damage at {at} of {finished}: {other:?}\n{}",
                    String::from_utf8_lossy(&stream[at.saturating_sub(300)..])
                );
            }
        }
    }
    assert!(whole > 50 && cut > 50, "{whole} whole, {cut} cut");
}

#[test]
fn a_long_stream_costs_as_much_as_it_is_long() {
    let piece = format!("data: {}\n\n", chunk(json!({"index": 0, "delta": {"content": "钢琴有八十八个琴键吗"}})));
    let endpoint = Endpoint::new("http://127.0.0.1:9", None, Timeouts::default()).unwrap();
    let mut on = |_: Piece<'_>| ();
    let mut answer = Answer::new(&endpoint, Instant::now(), 60_000, &mut on);
    let started = Instant::now();
    for _ in 0..20_000 {
        answer.push(piece.as_bytes()).unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_message_beside_deltas_is_said_once() {
    let mut said = Said::default();
    assert_eq!((said.fresh("一", "一"), said.fresh("二", "一二"), said.fresh("", "一二")), ("一", "二", ""));
    let mut said = Said::default();
    assert_eq!((said.fresh("", "一"), said.fresh("", "一二"), said.fresh("", "三")), ("一", "二", "三"));
}
