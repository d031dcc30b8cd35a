//! Where the real weights are.

use std::path::PathBuf;

/// The folder of a pulled model, or ONNX Runtime's library file.
pub fn pulled(name: &str) -> PathBuf {
    let home = std::env::var_os("RAG_HOME").expect("RAG_HOME names the folder that holds models/");
    let folder = PathBuf::from(home).join("models").join(name);
    if name != "onnxruntime" {
        return folder;
    }
    let files = std::fs::read_dir(&folder).expect("onnxruntime is pulled");
    let library = files.map(|file| file.unwrap().path()).find(|path| path.to_string_lossy().contains("libonnxruntime"));
    library.expect("a library in models/onnxruntime")
}
