//! Settings, resolved once: flags > environment > `rag.toml` (project, then user) > defaults.

mod key;
mod problem;

pub use key::{KEYS, Key, Scope};
pub use problem::ConfigProblem;

use crate::error::{IoContext, Result};
use crate::files::{SETTINGS_BYTES_MAX, read_regular_text};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub const FILE_NAME: &str = "rag.toml";
/// Folder beside the user's file, with prompts that take the place of the built-in ones.
const PROMPTS: &str = "prompts";
/// Hits, candidates and passages at once, as the flags have it.
const COUNT_MAX: usize = 10_000;
const COUNT: &str = "a whole number from 1 to 10000";
/// Texts in one request for vectors: passages are looked at no more at a time.
const BATCH_MAX: usize = 256;
const BATCH: &str = "a whole number from 1 to 256";
/// Fewer examples than this and a model copies them instead of learning from them.
const SHOTS_MIN: usize = 5;
const SHOTS: &str = "0, or 5 and more: of fewer examples a model makes too much";

/// Endpoints, each with its key.
const KEYS_OF_HOSTS: [(&str, &str); 4] = [
    ("chat.base_url", "chat.api_key"),
    ("chat.base_url", "chat.headers"),
    ("embed.base_url", "embed.api_key"),
    ("rerank.base_url", "rerank.api_key"),
];

/// Where a value comes from, strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Env(&'static str),
    Project(PathBuf),
    User(PathBuf),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => f.write_str("flag"),
            Origin::Env(name) => write!(f, "${name}"),
            Origin::Project(path) | Origin::User(path) => write!(f, "{}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value as shown by `rag config`; secrets are masked here and nowhere else needed.
#[derive(Debug, Serialize)]
pub struct Shown {
    pub name: &'static str,
    pub value: String,
    pub origin: String,
}

/// All settings, each with its origin. Plain text until a getter asks for a type.
#[derive(Clone)]
pub struct Config {
    home: PathBuf,
    home_origin: Origin,
    /// Where the user's file is or would be; a project's folder has no say in prompts.
    user_folder: Option<PathBuf>,
    values: BTreeMap<&'static str, (String, Origin)>,
}

impl Config {
    /// Reads the environment and the two files; `flags` are dotted names with their values and win over all.
    pub fn load(flags: &[(&'static str, String)]) -> Result<Config> {
        let here = std::env::current_dir().at("read", ".")?;
        let user_file = config_dir().map(|dir| dir.join(FILE_NAME));
        Config::resolve(flags, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()), &here, user_file)
    }

    fn resolve(
        flags: &[(&'static str, String)],
        env: &dyn Fn(&str) -> Option<String>,
        here: &Path,
        user_file: Option<PathBuf>,
    ) -> Result<Config> {
        let mut values: BTreeMap<&'static str, (String, Origin)> =
            KEYS.iter().map(|key| (key.name, (key.default.to_string(), Origin::Default))).collect();
        let user_folder = user_file.as_deref().and_then(Path::parent).map(PathBuf::from);
        if let Some(path) = user_file.filter(|path| path.is_file()) {
            for (key, value) in read_file(&path)? {
                values.insert(key.name, (value, Origin::User(path.clone())));
            }
        }
        if let Some(path) = here.ancestors().map(|dir| dir.join(FILE_NAME)).find(|path| path.is_file()) {
            for (key, value) in read_file(&path)? {
                if !project_may_set(key, &value) {
                    return Err(ConfigProblem::Untrusted { path, name: key.name }.into());
                }
                values.insert(key.name, (value, Origin::Project(path.clone())));
            }
        }
        for key in KEYS {
            if let Some((name, value)) = key.env.iter().find_map(|name| env(name).map(|value| (*name, value))) {
                values.insert(key.name, (value, Origin::Env(name)));
            }
        }
        for (name, value) in flags {
            values.insert(name, (value.clone(), Origin::Flag));
        }
        let (home, home_origin) = match env("RAG_HOME") {
            Some(home) => (PathBuf::from(home), Origin::Env("RAG_HOME")),
            None => (data_dir().ok_or(ConfigProblem::NoHome)?, Origin::Default),
        };
        let config = Config { home, home_origin, user_folder, values };
        config.check()?;
        Ok(config)
    }

    /// Refuses a value of the wrong type now rather than in the middle of a run.
    fn check(&self) -> Result<()> {
        for name in ["index.chunk", "index.file_mib_max", "index.graph_min"] {
            self.number::<usize>(name, "a whole number")?;
        }
        for name in ["search.limit", "search.depth", "chat.passages"] {
            if !(1..=COUNT_MAX).contains(&self.number::<usize>(name, COUNT)?) {
                return Err(self.bad(name, COUNT));
            }
        }
        if !(1..=BATCH_MAX).contains(&self.number::<usize>("embed.batch", BATCH)?) {
            return Err(self.bad("embed.batch", BATCH));
        }
        for name in [
            "journal.mib_max",
            "journal.days_max",
            "chat.max_tokens",
            "chat.context",
            "chat.timeout_s",
            "chat.answer_timeout_s",
            "llama.context",
            "threads",
        ] {
            self.number::<u32>(name, "a whole number")?;
        }
        for name in
            ["search.min_relevance", "search.rrf_k", "search.weight_lexical", "search.weight_dense", "chat.temperature"]
        {
            let value: f32 = self.number(name, "a number, zero or more")?;
            if !(value >= 0.0 && value.is_finite()) {
                return Err(self.bad(name, "a number, zero or more"));
            }
        }
        if self.get::<f32>("search.min_relevance") > 1.0 {
            return Err(self.bad("search.min_relevance", "a number from 0 to 1"));
        }
        if !["auto", "zh", "en"].contains(&self.text("chat.language")) {
            return Err(self.bad("chat.language", "auto, zh or en"));
        }
        for name in ["chat.seed", "chat.shuffle"] {
            self.number::<u64>(name, "a whole number")?;
        }
        if (1..SHOTS_MIN).contains(&self.number::<usize>("chat.shots", SHOTS)?) {
            return Err(self.bad("chat.shots", SHOTS));
        }
        self.number::<u16>("llama.port", "a port number")?;
        for name in ["chat.extra_body", "chat.headers"] {
            let is_object =
                |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok();
            if self.optional(name).is_some_and(|text| !is_object(text)) {
                return Err(self.bad(name, "a JSON object, as {\"enable_thinking\": false}"));
            }
        }
        for name in [
            "index.code",
            "chat.extractive",
            "chat.strict",
            "chat.structured",
            "chat.stuff_all",
            "chat.metadata",
            "chat.cot",
            "chat.show_reasoning",
            "journal.enabled",
            "journal.cache",
            "models.offline",
        ] {
            self.flag_value(name)?;
        }
        Ok(())
    }

    /// The same with other values for some settings. A key is for the host it was given with: one that is not given anew
    /// goes to no other.
    pub fn with(&self, settings: &[(String, String)]) -> Result<Config> {
        let mut config = self.clone();
        for (name, value) in settings {
            let Some(key) = key::find(name) else {
                let problem =
                    ConfigProblem::UnknownKey { path: "-".into(), name: name.clone(), nearest: nearest(name) };
                return Err(problem.into());
            };
            config.values.insert(key.name, (value.clone(), Origin::Flag));
        }
        for (url, key) in KEYS_OF_HOSTS {
            let is_same_host = host_and_port(self.text(url)) == host_and_port(config.text(url));
            if !is_same_host && !settings.iter().any(|(name, _)| name == key) {
                config.values.insert(key, (String::new(), Origin::Flag));
            }
        }
        config.check()?;
        Ok(config)
    }

    /// The settings below `prefix` that are not the default, `name=value` each; secrets are left out.
    pub fn changed(&self, prefix: &str) -> Vec<String> {
        let is_shown = |key: &&Key| key.name.starts_with(prefix) && key.scope != Scope::Secret;
        let keys = KEYS.iter().filter(|key| is_shown(key) && self.text(key.name) != key.default);
        keys.map(|key| format!("{}={}", key.name, self.text(key.name))).collect()
    }

    /// Folder of everything that `rag` keeps: `$RAG_HOME`, else the XDG data folder's `rag`.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Folder of the user's own prompts, whether it is there or not: beside the user's `rag.toml`.
    pub fn prompts_dir(&self) -> Option<PathBuf> {
        self.user_folder.as_ref().map(|folder| folder.join(PROMPTS))
    }

    /// The text of a setting.
    ///
    /// # Panics
    /// On a name that is not in [`KEYS`]: a slip of ours that any test of the command finds.
    pub fn text(&self, name: &'static str) -> &str {
        &self.values[name].0
    }

    /// As [`Config::text`], with an empty text as none.
    pub fn optional(&self, name: &'static str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// A numeric setting; [`Config::load`] has checked that it is one.
    pub fn get<T: FromStr + Default>(&self, name: &'static str) -> T {
        self.text(name).parse().unwrap_or_default()
    }

    /// A setting that is a JSON object; [`Config::load`] has checked that it is one.
    pub fn object(&self, name: &'static str) -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(self.text(name)).unwrap_or_default()
    }

    pub fn is_on(&self, name: &'static str) -> bool {
        self.flag_value(name).unwrap_or(false)
    }

    /// The port of a URL setting whose host is this machine.
    pub fn local_port(&self, name: &'static str) -> Option<u16> {
        let (host, port) = host_and_port(self.text(name))?;
        is_loopback(host).then(|| port.parse().unwrap_or(80))
    }

    /// Whether two URL settings name the same host and port.
    pub fn same_host(&self, one: &'static str, other: &'static str) -> bool {
        let one = host_and_port(self.text(one));
        one.is_some() && one == host_and_port(self.text(other))
    }

    /// Every setting with its origin, in the table's order; secrets masked.
    pub fn shown(&self) -> Vec<Shown> {
        let home = Shown { name: "home", value: self.home.display().to_string(), origin: self.home_origin.to_string() };
        let rest = KEYS.iter().map(|key| {
            let (value, origin) = &self.values[key.name];
            let value = if key.scope == Scope::Secret && !value.is_empty() { "********".into() } else { value.clone() };
            Shown { name: key.name, value, origin: origin.to_string() }
        });
        std::iter::once(home).chain(rest).collect()
    }

    /// The values of secret settings, to be struck out of what is written down.
    pub fn secrets(&self) -> Vec<String> {
        let secret = KEYS.iter().filter(|key| key.scope == Scope::Secret);
        secret.filter_map(|key| self.optional(key.name)).map(String::from).collect()
    }

    fn number<T: FromStr>(&self, name: &'static str, expected: &'static str) -> Result<T> {
        self.text(name).parse().map_err(|_| self.bad(name, expected))
    }

    fn flag_value(&self, name: &'static str) -> Result<bool> {
        match self.text(name) {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" | "" => Ok(false),
            _ => Err(self.bad(name, "true or false")),
        }
    }

    fn bad(&self, name: &'static str, expected: &'static str) -> crate::error::Error {
        let (value, origin) = &self.values[name];
        ConfigProblem::BadValue { name, value: value.clone(), origin: origin.to_string(), expected }.into()
    }
}

fn project_may_set(key: &Key, value: &str) -> bool {
    match key.scope {
        Scope::Any => true,
        Scope::Endpoint => host_and_port(value).is_some_and(|(host, _)| is_loopback(host)),
        Scope::Trusted | Scope::Secret => false,
    }
}

/// Host and port of a plain `http(s)` URL; the port is empty where none is named. User info stays in the
/// host, where it matches nothing.
fn host_and_port(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Some((host, port)),
        _ => Some((authority, "")),
    }
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

fn read_file(path: &Path) -> Result<Vec<(&'static Key, String)>> {
    let text = read_regular_text(path, SETTINGS_BYTES_MAX).at("read", path)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigProblem::Syntax {
        path: path.into(),
        reason: error.message().into(),
    })?;
    let mut flat = Vec::new();
    flatten("", &table, &mut flat);
    flat.into_iter()
        .map(|(name, value)| match key::find(&name) {
            Some(key) => Ok((key, value)),
            None => Err(ConfigProblem::UnknownKey { path: path.into(), nearest: nearest(&name), name }.into()),
        })
        .collect()
}

fn flatten(prefix: &str, table: &toml::Table, out: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            // A setting that is an object itself.
            toml::Value::Table(inner) if key::find(&name).is_some() => {
                out.push((name, serde_json::to_string(inner).unwrap_or_default()));
            }
            toml::Value::Table(inner) => flatten(&name, inner, out),
            toml::Value::Array(values) => {
                let parts = values.iter().map(plain);
                let joined = std::env::join_paths(parts).unwrap_or_default();
                out.push((name, joined.to_string_lossy().into_owned()));
            }
            other => out.push((name, plain(other))),
        }
    }
}

fn plain(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A setting that ends the same way or starts the same way: enough for a slip of the section.
fn nearest(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    KEYS.iter().map(|key| key.name).find(|known| known.rsplit('.').next() == Some(last)).or_else(|| {
        KEYS.iter().map(|key| key.name).find(|known| {
            last.len() >= 3
                && known.rsplit('.').next().is_some_and(|k| k.starts_with(&last[..last.floor_char_boundary(3)]))
        })
    })
}

fn data_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("rag"))
}

fn config_dir() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("rag"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Lang;

    fn resolve(project: &str, user: &str, env: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config> {
        let dir = tempfile::tempdir().unwrap();
        let here = dir.path().join("project/deep");
        std::fs::create_dir_all(&here).unwrap();
        if !project.is_empty() {
            std::fs::write(dir.path().join("project").join(FILE_NAME), project).unwrap();
        }
        let user_file = dir.path().join("user.toml");
        std::fs::write(&user_file, user).unwrap();
        let flags: Vec<_> = flags.iter().map(|(name, value)| (*name, value.to_string())).collect();
        let env = |name: &str| {
            if name == "RAG_HOME" {
                return Some("/home-of-test".to_string());
            }
            env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        };
        Config::resolve(&flags, &env, &here, Some(user_file))
    }

    #[test]
    fn flag_beats_environment_beats_project_beats_user_beats_default() {
        let project = "[search]\nlimit = 3\ndepth = 33\n";
        let user = "[search]\nlimit = 4\ndepth = 44\nrrf_k = 14\n";
        let env = [("RAG_LIMIT", "2")];
        let config = resolve(project, user, &env, &[("search.limit", "1")]).unwrap();
        assert_eq!(config.get::<usize>("search.limit"), 1);
        assert_eq!(config.get::<usize>("search.depth"), 33);
        assert_eq!(config.get::<f32>("search.rrf_k"), 14.0);
        assert_eq!(config.text("search.mode"), "hybrid");
        assert_eq!(resolve(project, user, &env, &[]).unwrap().get::<usize>("search.limit"), 2);
    }

    #[test]
    fn a_secret_is_masked_wherever_it_comes_from() {
        let config = resolve("", "[chat]\napi_key = \"sk-user\"", &[], &[]).unwrap();
        assert_eq!(config.text("chat.api_key"), "sk-user");
        assert!(config.shown().iter().all(|shown| !shown.value.contains("sk-user")));
    }

    #[test]
    fn a_key_goes_to_the_host_it_was_given_with() {
        let config = resolve("", "[chat]\nbase_url = \"https://a.example/v1\"\napi_key = \"sk\"", &[], &[]).unwrap();
        let key = |settings: &[(&str, &str)]| {
            let settings: Vec<_> = settings.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            config.with(&settings).unwrap().text("chat.api_key").to_string()
        };
        assert_eq!(key(&[("chat.model", "m"), ("chat.base_url", "https://a.example/v2")]), "sk");
        assert_eq!(key(&[("chat.base_url", "https://b.example/v1")]), "");
        assert_eq!(key(&[("chat.base_url", "https://b.example/v1"), ("chat.api_key", "other")]), "other");
    }

    #[test]
    fn a_project_file_may_name_an_endpoint_on_this_machine_only() {
        assert!(resolve("[chat]\nbase_url = \"http://127.0.0.1:9000/v1\"", "", &[], &[]).is_ok());
        for bad in ["https://evil.example/v1", "http://127.0.0.1@evil.example/v1", "http://localhost.evil.example"] {
            let error = resolve(&format!("[chat]\nbase_url = \"{bad}\""), "", &[], &[]).err().unwrap();
            assert!(matches!(error.downcast_ref(), Some(ConfigProblem::Untrusted { name: "chat.base_url", .. })));
        }
        assert!(resolve("[llama]\nserver = \"./evil.sh\"", "", &[], &[]).is_err());
    }

    #[test]
    fn shots_are_none_or_five_and_more_and_the_error_says_why() {
        for (value, is_right) in [("0", true), ("5", true), ("12", true), ("1", false), ("4", false), ("few", false)] {
            let config = resolve("", "", &[("RAG_SHOTS", value)], &[]);
            assert_eq!(config.is_ok(), is_right, "{value}");
            assert!(config.err().is_none_or(|error| error.to_string().contains("5 and more: of fewer")));
        }
    }

    #[test]
    fn prompts_stand_beside_the_users_file_and_never_in_a_project() {
        let config = resolve("[search]\nlimit = 3", "", &[], &[]).unwrap();
        let dir = config.prompts_dir().unwrap();
        assert!(dir.ends_with("prompts") && !dir.to_string_lossy().contains("project"), "{}", dir.display());
    }

    #[test]
    fn bad_values_and_unknown_names_say_what_to_do() {
        let error = resolve("", "", &[("RAG_LIMIT", "ten")], &[]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "search.limit is \"ten\" (from $RAG_LIMIT); expected a whole number from 1 to 10000"
        );
        let error = resolve("", "[search]\nlimits = 3", &[], &[]).err().unwrap();
        assert_eq!(error.hint(Lang::En).as_deref(), Some("did you mean search.limit?"));
        let error = resolve("", "[search\n", &[], &[]).err().unwrap();
        assert!(error.message(Lang::En).contains("is not valid TOML"));
    }
}
