//! Evaluation: topics → the same search as any user's → runs → metrics → what may be concluded.
//!
//! ```text
//! suite (topics, qrels) ─┬─→ run of each system ─→ scores a topic ─→ means, intervals, comparisons ─→ report
//!                        └─ documents, chunks mapped by MaxP
//! ```
//!
//! Every value is the standard one: trec_eval's definitions, order and tie rule, so that any public tool can check it.

mod ablation;
mod agreement;
mod answerable;
mod answers;
mod asked;
mod assertion;
mod bench;
mod card;
mod card_page;
mod checks;
mod columns;
mod compare;
mod criteria;
mod diagnosis;
mod draft;
mod files;
#[cfg(test)]
mod fixture;
mod haystack;
mod html;
mod judge;
mod lint;
mod measure;
mod metric;
mod migration;
mod problem;
mod promote;
mod qrels;
mod record;
mod report;
mod rgb;
mod rgb_score;
mod run;
mod shots;
mod skew;
mod stats;
mod stress;
mod suite;
mod tune;
mod tune_maxsim;

pub use crate::engine::{Calibration, Relevance};
pub use ablation::{Ablation, AnswersOutcome, Kind as AblationKind, Outcome};
pub use agreement::{Agreement, agreement};
pub use answerable::Answerable;
pub use answers::{Selection, ask_all, read_card};
pub use asked::{Asked, Ended, Source};
pub use assertion::{Abstain, Expected};
pub use bench::{Bench, Options, Progress, bench, stages};
pub use card::{Metrics, ReportCard, Stability, TokenCost};
pub use card_page::card_page;
pub use checks::{CheckReport, Checker, Label, PairVerdict, check_pairs};
pub use compare::{Comparison, Conclusion, compare};
pub use diagnosis::{Diagnosis, Elsewhere, Fate, Label as DiagnosisLabel, diagnose};
pub use draft::{Draft, NewTopic};
pub use haystack::haystack;
pub use html::page;
pub use judge::{HumanAgreement, JudgeReport, Judged, LABELS_MIN, Verdicts, judge};
pub use lint::{Finding as SuiteFinding, Flaw as SuiteFlaw, lint};
pub use measure::{MEASURES, Measure, QUANTITIES, Quantity, Share, Spread};
pub use metric::{METRICS, Metric};
pub use migration::{Answers, Contender, Flip, Migration, migration};
pub use problem::EvalProblem;
pub use promote::{Given, Promoted, promote};
pub use qrels::{Grades, Qrels};
pub use record::{Head, read_record};
pub use report::{Report, Sliced, System, evaluate};
pub use rgb::{Ability as RgbAbility, Answered as RgbAnswered, Cell as RgbCell, Options as RgbOptions, RgbReport, rgb};
pub use run::Run;
pub use shots::{Distribution, Leak, ShotReport, check_shots};
pub use skew::{Count, Mix, Skew, skew};
pub use stress::{Case, Tally, Verdict, expected, read_cases, stress, tally};
pub use suite::{Suite, Topic};
pub use tune::{Pools, Role, Tuned, Tuning, calibration_file, calibrations_file, pools, tune};
pub use tune_maxsim::{MaxSimTuning, Rereadings, TunedMaxSim, reread, tune_maxsim};
