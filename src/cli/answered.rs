//! An answer as the terminal shows it: sources first, then the text as it comes, then what it cites and what to mind.

use super::render::{self, BOLD, DIM, MARK};
use super::{Outcome, Run, filtered};
use crate::engine::{
    Answer, AskEvent, AskOutcome, Citation, Engine, Fault, Finish, Found, Grounded, Piece, Recorded, Sentence,
    UNSUPPORTED_MARK,
};
use crate::language::Lang;
use std::io::Write;

/// Characters of a sentence that a warning quotes.
const QUOTED_CHARS: usize = 24;

/// Asks, and shows what comes of it.
pub fn ask(engine: &Engine, question: &str, history: &[String], trace: bool, lang: Lang) -> Run {
    let shows_reasoning = engine.config().is_on("chat.show_reasoning");
    let mut written: std::io::Result<()> = Ok(());
    let recorded = engine.ask_and_record(question, history, &mut |event| {
        if trace {
            super::trace::event(&event);
        }
        let mut out = render::stdout();
        let result = match event {
            AskEvent::Planned(_) | AskEvent::Prepared(_) => Ok(()),
            AskEvent::Retrieved(found) => sources(&mut out, found, lang),
            AskEvent::Written(Piece::Text(text)) => piece(&mut out, text).and_then(|()| out.flush()),
            AskEvent::Written(Piece::Reasoning(thought)) if shows_reasoning => render::aside(thought),
            AskEvent::Written(Piece::Reasoning(_)) => Ok(()),
            AskEvent::Written(Piece::Retracted) => writeln!(
                out,
                "\n{DIM}{}{DIM:#}\n",
                lang.pick("(以上是模型的思考,不是回答)", "(the above was the model thinking aloud, not its answer)")
            ),
        };
        if written.is_ok() {
            written = result;
        }
    })?;
    written?;
    let outcome = kept(recorded, lang);
    let mut out = render::stdout();
    match &outcome.answer {
        Answer::Abstained { reason, .. } => {
            writeln!(out, "{BOLD}{}{BOLD:#}", reason.message(lang))?;
            nearest(&mut out, &outcome, engine, lang)?;
        }
        Answer::Grounded(grounded) | Answer::Missing { partial: Some(grounded), .. } => {
            writeln!(out, "\n")?;
            for citation in &grounded.citations {
                cited(&mut out, citation)?;
            }
        }
        Answer::Missing { partial: None, .. } => {}
    }
    if outcome.cached {
        render::note(lang.pick(
            "(复用了之前核对过的回答,--no-cache 重新生成)",
            "(kept from before and checked then; --no-cache asks anew)",
        ));
    }
    warn(&outcome.answer, lang);
    concluded(outcome)
}

/// Says what the journal has to say, and the filter.
pub fn kept(Recorded { outcome, trouble, .. }: Recorded, lang: Lang) -> AskOutcome {
    if let Some(trouble) = trouble {
        render::warning(&trouble.message(lang));
    }
    filtered::tell(&outcome.found.filter, lang);
    outcome
}

/// How the command ends.
pub fn concluded(outcome: AskOutcome) -> Run {
    match outcome.answer {
        Answer::Grounded(_) => Ok(Outcome::Done),
        Answer::Abstained { .. } => Ok(Outcome::Nothing),
        Answer::Missing { error, .. } => Err(error.into()),
    }
}

/// What a reader of the answer must know.
pub fn warn(answer: &Answer, lang: Lang) {
    warn_of_cut(answer, lang);
    let grounded = match answer {
        Answer::Grounded(grounded) => grounded,
        Answer::Missing { partial: Some(grounded), .. } => {
            render::warning(lang.pick("回答中断,以上只是已收到的部分", "the answer broke off; this is what had come"));
            grounded
        }
        _ => return,
    };
    if grounded.is_extract && grounded.completion.is_some() {
        render::warning(lang.pick(
            "模型没有从资料里答出什么,以上是最接近的原句,是否答了所问请自行判断",
            "the model made nothing of the sources; these are the nearest sentences of theirs: judge for yourself",
        ));
    }
    warn_of_markers(grounded, lang);
    for sentence in grounded.doubted() {
        render::warning(&doubt(sentence, lang));
    }
    if grounded.is_uncited() {
        render::warning(lang.pick(
            "回答没有可核对的引用,请谨慎使用",
            "nothing in the answer could be traced to a source; use it with care",
        ));
    }
}

fn warn_of_cut(answer: &Answer, lang: Lang) {
    let Some(finish) = answer.cut() else { return };
    render::warning(&match finish {
        Finish::Length => lang.pick(
            "回答达到长度上限被截断(chat.max_tokens)".to_owned(),
            "the answer was cut at its longest length (chat.max_tokens)".to_owned(),
        ),
        Finish::Filtered => lang.pick(
            "回答被服务方的内容过滤截断,并不完整".to_owned(),
            "the provider's content filter ended the answer, which is not whole".to_owned(),
        ),
        other => lang.pick(
            format!("服务没有写完就停了,给出的原因是 {}", other.name()),
            format!("the server stopped before the end; the reason it gives is {}", other.name()),
        ),
    });
}

fn warn_of_markers(grounded: &Grounded, lang: Lang) {
    if !grounded.invalid.is_empty() {
        let list = markers(&grounded.invalid);
        render::warning(
            &lang.pick(format!("{list} 不是给出的资料,已去掉"), format!("{list} names no source and was removed")),
        );
    }
    if !grounded.unsupported.is_empty() {
        let list = markers(&grounded.unsupported);
        render::warning(&lang.pick(
            format!("有的句子引用了 {list},资料里却没有这样的内容,已去掉"),
            format!("{list} was cited for a sentence that it does not support, and was removed there"),
        ));
    }
}

/// `[?] 「…」资料中没有数字 48%`
fn doubt(sentence: &Sentence, lang: Lang) -> String {
    let mut quoted: String = sentence.text.chars().take(QUOTED_CHARS).collect();
    if quoted.len() < sentence.text.len() {
        quoted.push('…');
    }
    let faults: Vec<String> = sentence.faults.iter().map(|fault| words(fault, lang)).collect();
    lang.pick(
        format!("{UNSUPPORTED_MARK} “{quoted}”在资料中没有依据:{}", faults.join(",")),
        format!("{UNSUPPORTED_MARK} \"{quoted}\" is not in the sources: {}", faults.join(", ")),
    )
}

fn words(fault: &Fault, lang: Lang) -> String {
    match fault {
        Fault::Number(number) => lang.pick(format!("没有数字 {number}"), format!("no number {number}")),
        Fault::Name(name) => lang.pick(format!("没有 {name}"), format!("no {name}")),
        Fault::Negation(word) => {
            lang.pick(format!("“{word}”的肯定与否定相反"), format!("{word} is denied in one and stated in the other"))
        }
        Fault::Joined(words) => {
            lang.pick(format!("{words} 在资料里不在一处"), format!("{words} are not said together"))
        }
        Fault::Moved(word) => lang.pick(format!("{word} 说的是另一回事"), format!("{word} is said of something else")),
        Fault::Opposite(word) => lang.pick(format!("“{word}”说反了"), format!("{word} is turned round")),
        Fault::Thin => lang.pick("没有这样的内容".into(), "nothing of the kind".into()),
    }
}

fn markers(numbers: &[u32]) -> String {
    numbers.iter().map(|number| format!("[{number}]")).collect::<Vec<_>>().join(" ")
}

fn piece(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    let mut parts = text.split(UNSUPPORTED_MARK);
    write!(out, "{}", parts.next().unwrap_or_default())?;
    parts.try_for_each(|part| write!(out, "{MARK}{UNSUPPORTED_MARK}{MARK:#}{part}"))
}

fn sources(out: &mut impl Write, found: &Found, lang: Lang) -> std::io::Result<()> {
    if !found.hits.is_empty() {
        writeln!(out, "{DIM}{}{DIM:#}", lang.pick("资料", "sources"))?;
    }
    for hit in &found.hits {
        let (title, place) = (render::line(&hit.heading()), render::place(&hit.path, hit.lines));
        writeln!(out, "{DIM}[{}] {title}  {place}{DIM:#}", hit.rank)?;
    }
    writeln!(out)
}

/// What was searched; the titles that came nearest stand above, as sources.
fn nearest(out: &mut impl Write, outcome: &AskOutcome, engine: &Engine, lang: Lang) -> anyhow::Result<()> {
    let about = engine.about()?;
    let (documents, chunks) = (about.documents, about.chunks);
    let collection = engine.config().text("collection");
    writeln!(
        out,
        "{}",
        lang.pick(
            format!("查过资料库 {collection}:{documents} 篇,{chunks} 块。"),
            format!("searched collection {collection}: {documents} documents, {chunks} chunks."),
        )
    )?;
    let mut titles: Vec<String> = Vec::new();
    for nearest in outcome.nearest() {
        if !titles.contains(&nearest.title) {
            titles.push(nearest.title);
        }
    }
    if !titles.is_empty() {
        let titles = render::line(&titles.join(lang.pick("、", ", ")));
        writeln!(out, "{}", lang.pick(format!("最接近的是:{titles}"), format!("nearest: {titles}")))?;
    }
    Ok(())
}

/// `[1] title  path:12` and the sentence that supports it.
fn cited(out: &mut impl Write, citation: &Citation) -> std::io::Result<()> {
    let Citation { marker, title, path, lines, quote, .. } = citation;
    let (title, place) = (render::line(title), render::place(path, *lines));
    writeln!(out, "{BOLD}[{marker}]{BOLD:#} {title}  {DIM}{place}{DIM:#}")?;
    writeln!(out, "    {}", quote.split_whitespace().collect::<Vec<_>>().join(" "))
}
