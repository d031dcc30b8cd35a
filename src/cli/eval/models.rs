//! `rag eval models`.

use super::super::bars::Bars;
use super::super::render::{self, BOLD, DIM, padded};
use super::super::{Outcome, Run, terminal};
use super::answers::SelectionArgs;
use super::card;
use crate::engine::Engine;
use crate::eval::{self, Answers, Contender, Flip, MEASURES, Migration, QUANTITIES, ReportCard};
use crate::language::Lang;
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

const QUESTION_CHARS: usize = 40;
const VALUE_COLUMNS: usize = 10;

#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// The model in use and the one to replace it: name, name@url or url 现用与待换的模型
    #[arg(value_name = "A,B", required_unless_present = "from")]
    models: Option<String>,
    /// Folder of the suite, with answers.jsonl 评测集目录
    #[arg(required_unless_present = "from")]
    suite: Option<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Endpoint of B, where it is not that of A B 的接口地址
    #[arg(long, value_name = "URL")]
    base_url_b: Option<String>,
    /// Key for it; the configured one goes to its own host only B 的密钥
    #[arg(long, value_name = "KEY", env = "RAG_API_KEY_B", hide_env_values = true)]
    api_key_b: Option<String>,
    /// Keep the answers of both; files that are there already are gone on with 两份逐条结果,可接着跑
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1)]
    asked: Vec<PathBuf>,
    /// Compare such files, asking nobody 只比较已有的两份逐条结果
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1, conflicts_with_all = ["models", "suite", "asked"])]
    from: Vec<PathBuf>,
    /// Print JSON, both report cards included 输出 JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: ModelsArgs, engine: &Engine, lang: Lang) -> Run {
    let [a, b] = match two(&args.from, "--from", lang)? {
        Some([a, b]) => [Answers::read(a)?, Answers::read(b)?],
        None => ask(&args, engine, lang)?,
    };
    let migration = eval::migration(&a, &b);
    if args.json {
        render::json(&migration)?;
    } else {
        show(&migration, [&a.name, &b.name], lang)?;
    }
    Ok(Outcome::Done)
}

fn ask(args: &ModelsArgs, engine: &Engine, lang: Lang) -> anyhow::Result<[Answers; 2]> {
    let names: Vec<&str> = args.models.iter().flat_map(|names| names.split(',')).collect();
    let [name_a, name_b] = two(&names, "A,B", lang)?.expect("clap requires it without --from");
    let contender = |name: &str| name.parse::<Contender>().unwrap_or_else(|never| match never {});
    let (a, mut b) = (contender(name_a), contender(name_b));
    b.api_key = args.api_key_b.clone();
    terminal::strike(b.api_key.iter().cloned().collect());
    b.base_url = args.base_url_b.clone().or(b.base_url);
    let kept = two(&args.asked, "--asked", lang)?;
    let suite = args.suite.as_ref().expect("clap requires it without --from");
    let selection = args.selection.selection();
    let mut bars = Bars::new(lang);
    let mut ask = |contender: &Contender, row: &str, path: Option<&PathBuf>| {
        let on = &mut |progress: eval::Progress<'_>| bars.show(row, progress);
        Answers::ask(contender, suite, &selection, engine, path.map(PathBuf::as_path), on)
    };
    let a = ask(&a, "A", kept.map(|[a, _]| a));
    let b = if a.is_ok() { Some(ask(&b, "B", kept.map(|[_, b]| b))) } else { None };
    bars.clear();
    Ok([a?, b.expect("asked where A was")?])
}

/// Both of `A,B`; none where nothing is given.
fn two<'a, T>(given: &'a [T], what: &str, lang: Lang) -> anyhow::Result<Option<[&'a T; 2]>> {
    match given {
        [] => Ok(None),
        [a, b] => Ok(Some([a, b])),
        _ => anyhow::bail!(
            lang.pick(format!("{what} 要两个,以逗号隔开"), format!("{what} takes two, with a comma between"))
        ),
    }
}

fn show(migration: &Migration, names: [&String; 2], lang: Lang) -> anyhow::Result<()> {
    let mut out = render::stdout();
    let Migration { a, b, questions, differences, lost, won } = migration;
    let count = lang.pick(format!("共同的 {questions} 题"), format!("{questions} questions of both"));
    writeln!(out, "{BOLD}{}{BOLD:#} {count}", a.on)?;
    for (letter, name, card) in [("A", names[0], a), ("B", names[1], b)] {
        writeln!(out, "{letter} {name} {DIM}{}{DIM:#}", card.model.as_deref().unwrap_or_default())?;
    }
    let head = [padded("", card::NAME_COLUMNS), padded("A", VALUE_COLUMNS), padded("B", VALUE_COLUMNS)].concat();
    writeln!(out, "{DIM}{head}B − A{DIM:#}")?;
    for measure in MEASURES {
        let value = |card: &ReportCard| {
            let share = card.all.shares[measure.name];
            if share.of == 0 { "-".into() } else { format!("{:.1} %", 100.0 * share.value) }
        };
        let difference = differences
            .get(measure.name)
            .map(|difference| card::difference_words(difference, 100.0, measure.is_good, lang));
        row(&mut out, measure.label(lang), [value(a), value(b)], difference)?;
    }
    for quantity in QUANTITIES {
        let value = |card: &ReportCard| {
            card.all.quantities[quantity.name]
                .map_or("-".into(), |spread| format!("{:.0} {}", spread.mean, quantity.unit))
        };
        let label = lang.pick(quantity.about.0, quantity.about.1);
        let difference =
            differences.get(quantity.name).map(|difference| card::difference_words(difference, 1.0, false, lang));
        row(&mut out, label, [value(a), value(b)], difference)?;
    }
    flips(&mut out, lang.pick("只有 A 通过", "passed by A only"), lost)?;
    flips(&mut out, lang.pick("只有 B 通过", "passed by B only"), won)?;
    Ok(())
}

fn row(out: &mut impl Write, label: &str, values: [String; 2], difference: Option<String>) -> std::io::Result<()> {
    let [a, b] = values.map(|value| padded(&value, VALUE_COLUMNS));
    writeln!(out, "{}{a}{b}{}", padded(label, card::NAME_COLUMNS), difference.unwrap_or_default())
}

fn flips(out: &mut impl Write, title: &str, flips: &[Flip]) -> std::io::Result<()> {
    writeln!(out, "{DIM}{title}: {}{DIM:#}", flips.len())?;
    for Flip { id, question, failures, .. } in flips {
        let question: String = question.chars().take(QUESTION_CHARS).collect();
        writeln!(out, "  {id} {question} {DIM}{}{DIM:#}", failures.join(" · "))?;
    }
    Ok(())
}
