//! The `rag` command: its exit code.

fn main() -> std::process::ExitCode {
    rag::cli::main()
}
