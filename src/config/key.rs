//! A setting: its name, the variables that set it, its default.

/// One row of the table of settings. What its value may be is in `range`, whether a project may set it in
/// `project`: unless it is listed there, it may not.
#[derive(Debug)]
pub struct Key {
    /// Dotted name, as in `rag.toml` (`chat.model` is `model` under `[chat]`).
    pub name: &'static str,
    /// Environment variables, the first that is set decides.
    pub env: &'static [&'static str],
    pub default: &'static str,
    /// Whether it is never shown.
    pub is_secret: bool,
    /// What it is for, in English and Chinese.
    pub about: (&'static str, &'static str),
}

const fn key(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    about: (&'static str, &'static str),
) -> Key {
    Key { name, env, default, is_secret: false, about }
}

const fn secret(key: Key) -> Key {
    Key { is_secret: true, ..key }
}

#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    key("collection", &["RAG_COLLECTION"], "default", ("collection to work on; several with commas between them are searched as one", "使用的资料库,多个以逗号隔开")),
    key("index.paths", &["RAG_PATHS"], "", ("folders and files to index, separated by the system's path separator", "要索引的目录或文件")),
    key("index.embedder", &["RAG_EMBEDDER"], "multilingual-e5-small", ("embedding model", "向量模型")),
    key("index.chunk", &["RAG_CHUNK"], "600", ("longest chunk, in Han characters (other text counts a quarter a byte)", "文本块上限(汉字数)")),
    key("index.code", &["RAG_INDEX_CODE"], "true", ("index fenced code blocks too", "代码块是否进入索引")),
    key("index.file_mib_max", &["RAG_FILE_MIB_MAX"], "64", ("larger files are skipped, MiB", "单个文件上限(MiB)")),
    key("index.graph_min", &["RAG_GRAPH_MIN"], "400000", ("chunks from which an HNSW graph is built", "达到多少文本块才建 HNSW 图")),
    key("text.dictionary", &["RAG_DICTIONARY"], "", ("user dictionary, one word a line", "用户词典,一行一词")),
    key("search.mode", &["RAG_MODE"], "hybrid", ("hybrid, lexical or dense", "检索方式")),
    key("search.limit", &["RAG_LIMIT"], "10", ("hits shown", "显示条数")),
    key("search.where", &["RAG_WHERE"], "", ("conditions on front matter, one a line: date>=2024-01-01", "按文档属性筛选,一行一条")),
    key("search.fusion", &["RAG_FUSION"], "evidence", ("evidence adds up scores, rrf looks at ranks alone", "融合方式")),
    key("search.calibration", &["RAG_CALIBRATION"], "", ("file that rag eval tune wrote, instead of the built-in calibration", "自己的融合校准文件")),
    key("search.min_relevance", &["RAG_MIN_RELEVANCE"], "0", ("hits of less relevance are left out, 0 to 1", "相关度下限,0 到 1")),
    key("search.depth", &["RAG_DEPTH"], "100", ("candidates of each leg, and of a fusion", "每路候选数,也是融合的候选数")),
    key("search.rrf_k", &["RAG_RRF_K"], "60", ("k of reciprocal rank fusion", "RRF 的 k")),
    key("search.rerank", &["RAG_RERANK"], "none", ("none, auto (maxsim where the legs disagree), maxsim, or endpoint", "重排方式")),
    key("search.weight_lexical", &["RAG_WEIGHT_LEXICAL"], "1", ("weight of the lexical leg", "词法一路的权重")),
    key("search.weight_dense", &["RAG_WEIGHT_DENSE"], "1", ("weight of the dense leg", "稠密一路的权重")),
    key("embed.base_url", &["RAG_EMBED_BASE_URL"], "", ("OpenAI-compatible /v1/embeddings endpoint to use instead of the model in process", "远程向量接口")),
    key("embed.model", &["RAG_EMBED_MODEL"], "", ("model name sent to embed.base_url", "远程向量模型名")),
    secret(key("embed.api_key", &["RAG_EMBED_API_KEY"], "", ("key for embed.base_url; empty takes chat.api_key where the host is the same", "远程向量接口的密钥"))),
    key("embed.batch", &["RAG_EMBED_BATCH"], "32", ("texts in one request to embed.base_url, 1 to 256; halved where the server refuses so many", "每次请求的文本数,1 到 256,服务嫌多时自动减半")),
    key("embed.query_prefix", &["RAG_EMBED_QUERY_PREFIX"], "", ("put before a query for embed.base_url", "远程查询前缀")),
    key("embed.passage_prefix", &["RAG_EMBED_PASSAGE_PREFIX"], "", ("put before a passage for embed.base_url", "远程段落前缀")),
    key("rerank.base_url", &["RAG_RERANK_BASE_URL"], "", ("/v1/rerank endpoint for --rerank endpoint", "重排接口")),
    key("rerank.model", &["RAG_RERANK_MODEL"], "", ("model name sent to rerank.base_url", "重排模型名")),
    secret(key("rerank.api_key", &["RAG_RERANK_API_KEY"], "", ("key for rerank.base_url; empty takes chat.api_key where the host is the same", "重排接口的密钥"))),
    key("chat.base_url", &["RAG_BASE_URL", "OPENAI_BASE_URL"], "http://127.0.0.1:8080/v1", ("OpenAI-compatible endpoint", "对话接口")),
    key("chat.model", &["RAG_MODEL"], "", ("model name sent to the endpoint; empty takes the first it offers", "对话模型名")),
    secret(key("chat.api_key", &["RAG_API_KEY", "OPENAI_API_KEY"], "", ("key for the endpoint", "接口密钥"))),
    key("chat.max_tokens", &["RAG_MAX_TOKENS"], "512", ("longest answer, tokens", "回答上限(词元)")),
    key("chat.temperature", &["RAG_TEMPERATURE"], "0", ("sampling temperature", "温度")),
    key("chat.seed", &["RAG_SEED"], "1", ("sampling seed", "随机种子")),
    key("chat.context", &["RAG_CONTEXT"], "0", ("context window in tokens; 0 asks the server, and takes 4096 where it does not say", "上下文窗口(词元),0 为询问服务器")),
    key("chat.passages", &["RAG_PASSAGES"], "3", ("passages given to the model", "交给模型的段落数")),
    key("chat.stuff_all", &["RAG_STUFF_ALL"], "false", ("give as many passages as the window takes, instead of chat.passages: for comparisons", "窗口放得下多少段就给多少段(用于对比)")),
    key("chat.shuffle", &["RAG_SHUFFLE"], "0", ("seed that shuffles the passages given, 0 leaves them ranked: for comparisons", "打乱段落次序的种子,0 为不打乱(用于对比)")),
    key("chat.extractive", &["RAG_EXTRACTIVE"], "false", ("answer with sentences of the sources, without a model", "不用模型,只摘原句")),
    key("chat.strict", &["RAG_STRICT"], "false", ("leave out sentences that no passage supports, instead of marking them", "删去无依据的句子,而不是标出")),
    key("chat.language", &["RAG_ANSWER_LANGUAGE"], "auto", ("language of the answer: zh, en, or auto (Chinese to a Chinese question, else that of the sources)", "回答的语言:zh、en 或 auto")),
    key("chat.structured", &["RAG_STRUCTURED"], "false", ("have the answer written as JSON where the server enforces a schema", "服务支持时让模型按 JSON 模式作答")),
    key("chat.rerank", &["RAG_ASK_RERANK"], "none", ("as search.rerank, for rag ask", "提问时的重排方式")),
    key("chat.timeout_s", &["RAG_TIMEOUT_S"], "300", ("longest wait for the first token, seconds", "等待首词元的上限(秒)")),
    key("chat.answer_timeout_s", &["RAG_ANSWER_TIMEOUT_S"], "600", ("longest wait for the whole answer, seconds", "等待整个回答的上限(秒)")),
    key("chat.show_reasoning", &["RAG_SHOW_REASONING"], "false", ("show what a reasoning model thinks aloud, dimmed; it is never part of the answer", "显示推理模型的思考过程(不算回答)")),
    key("chat.extra_body", &["RAG_EXTRA_BODY"], "", ("JSON object added to each request; null leaves a parameter out", "加进每个请求的 JSON 对象,值为 null 的参数不发送")),
    secret(key("chat.headers", &["RAG_HEADERS"], "", ("JSON object of headers sent with each request", "每个请求附带的 HTTP 头(JSON 对象)"))),
    key("chat.context_format", &["RAG_CONTEXT_FORMAT"], "auto", ("how passages are marked in the prompt: xml, markdown, json, or auto for what the model's family wants", "提示里段落的标记方式")),
    key("chat.order", &["RAG_ORDER"], "ranked", ("order of the passages in the prompt: ranked, or grouped by document with the best first and the second best last", "提示里段落的次序")),
    key("chat.metadata", &["RAG_METADATA"], "true", ("tell the model title, section, source and date of each passage", "向模型给出段落的标题、章节、来源和日期")),
    key("chat.shots", &["RAG_SHOTS"], "0", ("examples of answers shown to the model: 0, or 5 and more", "给模型看的示例数,0 或至少 5")),
    key("chat.cot", &["RAG_COT"], "false", ("have the model write steps before its answer; they are not shown", "让模型先写步骤再作答,步骤不显示")),
    key("chat.prompt", &["RAG_PROMPT"], "", ("prompt template to use instead of the built-in one", "自定义提示模板")),
    key("journal.enabled", &["RAG_JOURNAL"], "true", ("write down questions and what came of them, on this machine only", "在本机记录提问与回答")),
    key("journal.cache", &["RAG_CACHE"], "true", ("give an answer that passed its check again for the same question over the same passages", "相同问题、相同资料时复用核对过的回答")),
    key("journal.mib_max", &["RAG_JOURNAL_MIB_MAX"], "64", ("largest journal, MiB; the oldest entries go first", "日志上限(MiB),旧的先删")),
    key("journal.days_max", &["RAG_JOURNAL_DAYS_MAX"], "365", ("days that entries are kept; 0 keeps them as long as there is room", "日志保留天数,0 为不限")),
    key("models.local", &["RAG_MODELS_DIR"], "", ("folder that already holds weights", "本地权重目录")),
    key("models.hub", &["HF_ENDPOINT"], "https://huggingface.co", ("model hub", "模型站")),
    key("models.offline", &["RAG_OFFLINE"], "false", ("never fetch anything", "不联网取模型")),
    key("llama.server", &["RAG_LLAMA_SERVER"], "", ("llama-server to start; empty looks on PATH, then for the fetched one", "llama-server 程序")),
    key("llama.model", &["RAG_LLAMA_MODEL"], "qwen2.5-coder-0.5b-instruct", ("GGUF to serve: a known name or a path", "llama-server 使用的 GGUF")),
    key("llama.port", &["RAG_LLAMA_PORT"], "0", ("port to serve on; 0 takes the one of chat.base_url", "服务端口,0 取 chat.base_url 的端口")),
    key("llama.context", &["RAG_LLAMA_CONTEXT"], "4096", ("context window to serve with, tokens", "服务的上下文窗口(词元)")),
    key("threads", &["RAG_THREADS"], "0", ("threads for models; 0 takes all cores", "线程数,0 为全部")),
];

/// The row of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// A setting that ends the same way or starts the same way: enough for a slip of the section.
pub fn nearest(name: &str) -> Option<&'static str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    KEYS.iter().map(|key| key.name).find(|known| known.rsplit('.').next() == Some(last)).or_else(|| {
        KEYS.iter().map(|key| key.name).find(|known| {
            last.len() >= 3
                && known.rsplit('.').next().is_some_and(|k| k.starts_with(&last[..last.floor_char_boundary(3)]))
        })
    })
}
