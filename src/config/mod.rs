//! Settings, resolved once: flags > environment > `rag.toml` (project, then user) > defaults.

mod file;
mod host;
mod key;
mod problem;
mod project;
mod range;

pub use host::Withheld;
pub use key::{KEYS, Key};
pub use problem::ConfigProblem;
pub use range::Range;

use crate::error::{IoContext, Result};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub const FILE_NAME: &str = "rag.toml";
/// Folder beside the user's file, with prompts that take the place of the built-in ones.
const PROMPTS: &str = "prompts";

/// Each setting with its value and where that comes from.
type Values = BTreeMap<&'static str, (String, Origin)>;

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
    values: Values,
    withheld: Vec<Withheld>,
    /// Those that are withheld, too.
    known_keys: Vec<String>,
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
        let mut values: Values =
            KEYS.iter().map(|key| (key.name, (key.default.to_string(), Origin::Default))).collect();
        let user_folder = user_file.as_deref().and_then(Path::parent).map(PathBuf::from);
        let mut user = Values::new();
        if let Some(path) = user_file.as_ref().filter(|path| path.is_file()) {
            for (key, value) in file::read(path)? {
                user.insert(key.name, (value, Origin::User(path.clone())));
            }
        }
        values.extend(user.clone());
        let mut ours = here.ancestors().map(|dir| dir.join(FILE_NAME));
        // The user's own file is no project's, wherever one stands.
        if let Some(path) = ours.find(|path| path.is_file()).filter(|path| Some(path) != user_file.as_ref()) {
            for (key, value) in file::read(&path)? {
                let value = project::admit(&path, key, value, user_file.as_deref())?;
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
        let mut known_keys = Vec::new();
        let withheld = host::bind(&mut values, &user, env, &mut known_keys);
        let (home, home_origin) = match env("RAG_HOME") {
            Some(home) => (PathBuf::from(home), Origin::Env("RAG_HOME")),
            None => (data_dir().ok_or(ConfigProblem::NoHome)?, Origin::Default),
        };
        let config = Config { home, home_origin, user_folder, values, withheld, known_keys };
        config.check()?;
        Ok(config)
    }

    /// Refuses a value out of its range now rather than in the middle of a run.
    fn check(&self) -> Result<()> {
        for (name, (value, origin)) in &self.values {
            if let Some(range) = range::of(name).filter(|range| !range.admits(value)) {
                let (value, origin) = (value.clone(), origin.to_string());
                return Err(ConfigProblem::BadValue { name, value, origin, range }.into());
            }
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
                    ConfigProblem::UnknownKey { path: "-".into(), name: name.clone(), nearest: key::nearest(name) };
                return Err(problem.into());
            };
            config.values.insert(key.name, (value.clone(), Origin::Flag));
        }
        for (url, key) in host::KEYS_OF_HOSTS {
            let is_same_host = host::place(self.text(url)) == host::place(config.text(url));
            if !is_same_host && !settings.iter().any(|(name, _)| name == key) {
                config.values.insert(key, (String::new(), Origin::Flag));
            }
        }
        config.check()?;
        Ok(config)
    }

    /// The settings below `prefix` that are not the default, `name=value` each; secrets are left out.
    pub fn changed(&self, prefix: &str) -> Vec<String> {
        let is_shown = |key: &&Key| key.name.starts_with(prefix) && !key.is_secret;
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
        range::switch(self.text(name)).unwrap_or(false)
    }

    /// The port of a URL setting whose host is this machine.
    pub fn local_port(&self, name: &'static str) -> Option<u16> {
        let (host, port) = host::host_and_port(self.text(name))?;
        host::is_loopback(host).then(|| port.parse().unwrap_or(80))
    }

    /// Whether two URL settings name the same host and port.
    pub fn same_host(&self, one: &'static str, other: &'static str) -> bool {
        let one = host::place(self.text(one));
        one.is_some() && one == host::place(self.text(other))
    }

    /// Every setting with its origin, in the table's order; secrets masked.
    pub fn shown(&self) -> Vec<Shown> {
        let home = Shown { name: "home", value: self.home.display().to_string(), origin: self.home_origin.to_string() };
        let rest = KEYS.iter().map(|key| {
            let (value, origin) = &self.values[key.name];
            let value = if key.is_secret && !value.is_empty() { "********".into() } else { value.clone() };
            Shown { name: key.name, value, origin: origin.to_string() }
        });
        std::iter::once(home).chain(rest).collect()
    }

    /// The values of secret settings, to be struck out of what is written down.
    pub fn secrets(&self) -> Vec<String> {
        let secret = KEYS.iter().filter(|key| key.is_secret);
        let keys = secret.filter_map(|key| self.optional(key.name)).map(String::from);
        let addresses = host::KEYS_OF_HOSTS.iter().filter_map(|(url, _)| host::password(self.text(url)));
        let headers = self.object("chat.headers").into_iter().filter_map(|(_, value)| value.as_str().map(String::from));
        keys.chain(addresses).chain(headers).chain(self.known_keys.iter().cloned()).collect()
    }

    /// Keys that go nowhere: they were given for other hosts than those that are asked.
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }
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
    fn a_project_chooses_what_to_search_and_how_to_show_it_and_nothing_else() {
        let allowed = "collection = \"x\"\n[search]\nlimit = 3\nrerank = \"maxsim\"\n[chat]\nlanguage = \"zh\"";
        assert!(resolve(allowed, "", &[], &[]).is_ok());
        for bad in [
            "chat.base_url = \"http://127.0.0.1:9000/v1\"",
            "chat.base_url = \"https://evil.example/v1\"",
            "chat.api_key = \"sk\"",
            "chat.extractive = false",
            "embed.base_url = \"http://localhost/v1\"",
            "search.rerank = \"endpoint\"",
            "search.calibration = \"c.toml\"",
            "text.dictionary = \"../words.txt\"",
            "text.dictionary = \"/etc/passwd\"",
            "journal.enabled = false",
            "journal.mib_max = 1",
            "journal.days_max = 1",
            "index.paths = [\"/\"]",
            "index.chunk = 10",
            "models.offline = false",
            "models.hub = \"https://evil.example\"",
            "llama.server = \"./evil.sh\"",
            "threads = 1000",
        ] {
            let error = resolve(bad, "", &[], &[]).err().expect(bad);
            assert!(matches!(error.downcast_ref(), Some(ConfigProblem::Untrusted { .. })), "{bad}: {error}");
            let hint = error.hint(Lang::En).unwrap();
            assert!(hint.contains("user.toml"), "{bad}: {hint}");
        }
    }

    #[test]
    fn a_key_is_for_the_host_it_was_given_with_in_the_same_place() {
        let file = "[chat]\nbase_url = \"https://a.example/v1\"\napi_key = \"file\"";
        let check = |user: &str, env: &[(&str, &str)], flags: &[(&'static str, &str)], expect: &str| {
            let config = resolve("", user, env, flags).unwrap();
            assert_eq!(config.text("chat.api_key"), expect, "{user} {env:?} {flags:?}");
            let is_given = user.contains("api_key") || env.iter().any(|(name, _)| name.ends_with("_KEY"));
            assert_eq!(config.withheld().is_empty(), !expect.is_empty() || !is_given);
        };
        let (b, openai) = ("https://b.example/v1", "https://api.openai.com/v1");
        check(file, &[], &[], "file");
        check(file, &[], &[("chat.base_url", b)], "");
        check(file, &[], &[("chat.base_url", "http://a.example/v1")], "");
        check(file, &[("RAG_BASE_URL", b)], &[], "");
        check(file, &[("OPENAI_API_KEY", "env")], &[], "file");
        check(file, &[("OPENAI_API_KEY", "env")], &[("chat.base_url", openai)], "env");
        check(file, &[("RAG_API_KEY", "env")], &[], "env");
        check(file, &[], &[("chat.base_url", b), ("chat.api_key", "flag")], "flag");
        check("", &[("OPENAI_API_KEY", "env")], &[], "");
        check("", &[("OPENAI_API_KEY", "env")], &[("chat.base_url", "http://127.0.0.1:1/v1")], "");
        check("", &[("OPENAI_API_KEY", "env"), ("OPENAI_BASE_URL", b)], &[], "env");
        check("", &[("OPENAI_API_KEY", "env"), ("RAG_BASE_URL", b)], &[], "env");
        check("", &[("OPENAI_API_KEY", "env"), ("OPENAI_BASE_URL", openai), ("RAG_BASE_URL", b)], &[], "");
        check("", &[("OPENAI_API_KEY", "env"), ("OPENAI_BASE_URL", b)], &[("chat.base_url", openai)], "");
        let both =
            [("OPENAI_API_KEY", "shared"), ("RAG_API_KEY", "own"), ("RAG_BASE_URL", b), ("OPENAI_BASE_URL", openai)];
        check("", &both, &[], "own");
        check("", &both, &[("chat.base_url", openai)], "shared");
        let user = "[embed]\napi_key = \"sk\"\nbase_url = \"https://a.example/v1\"";
        let key = |env: &[(&str, &str)]| resolve("", user, env, &[]).unwrap().text("embed.api_key").to_string();
        assert_eq!((key(&[]).as_str(), key(&[("RAG_EMBED_BASE_URL", b)]).as_str()), ("sk", ""));
    }

    #[test]
    fn the_users_own_file_is_no_projects() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE_NAME);
        std::fs::write(&file, "[journal]\nenabled = false").unwrap();
        let env = |name: &str| (name == "RAG_HOME").then(|| "/home-of-test".to_string());
        let config = Config::resolve(&[], &env, dir.path(), Some(file)).unwrap();
        assert!(!config.is_on("journal.enabled"));
    }

    #[test]
    fn numbers_out_of_range_are_told_with_key_value_and_range() {
        for (variable, value, expect) in [
            ("RAG_CHUNK", "0", "index.chunk is \"0\" (from $RAG_CHUNK); expected a whole number from 10 to 100000"),
            ("RAG_THREADS", "18446744073709551615", "expected a whole number from 0 to 1024"),
            ("RAG_TEMPERATURE", "-0.1", "expected a number from 0 to 2"),
            ("RAG_RRF_K", "inf", "expected a number from 0 to 10000"),
            ("RAG_LLAMA_PORT", "65536", "expected a whole number from 0 to 65535"),
        ] {
            let error = resolve("", "", &[(variable, value)], &[]).err().expect(variable);
            assert!(error.to_string().contains(expect), "{error}");
        }
        let error = resolve("", "", &[("RAG_TIMEOUT_S", "0")], &[]).err().unwrap();
        assert_eq!(
            error.message(Lang::Zh),
            "chat.timeout_s 的值 \"0\"(来自 $RAG_TIMEOUT_S)不对,应为 1 到 86400 的整数"
        );
    }

    #[test]
    fn shots_are_none_or_five_and_more_and_the_error_says_why() {
        for (value, is_right) in
            [("0", true), ("5", true), ("12", true), ("101", false), ("1", false), ("4", false), ("few", false)]
        {
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
