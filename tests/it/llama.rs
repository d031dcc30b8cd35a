//! A real llama.cpp server with the small chat model: start, use, stop.

use crate::support::{free_port, launch};
use rag::language::Lang;
use rag::models::llama::{Health, Launch, Llama, LlamaProblem, Server, Stopped, health};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

/// Stops the server also when the test fails.
struct Guard<'a>(&'a Llama, u16);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let _ = self.0.down(self.1);
    }
}

#[test]
fn a_server_is_started_once_used_by_later_calls_and_stopped() {
    let state = tempfile::tempdir().unwrap();
    let llama = Llama::new(state.path().to_path_buf());
    let launch = launch(free_port(), 1024);
    let _guard = Guard(&llama, launch.port);

    let mut events = 0;
    let first = llama.up(&launch, &mut |_| events += 1).unwrap();
    assert!(first.just_started && events > 0);
    let ours = first.ours.expect("we started it");
    assert!(ours.log.metadata().unwrap().len() > 0);
    assert_eq!(first.model.as_deref(), launch.model.file_stem().and_then(|stem| stem.to_str()));
    assert!(matches!(health(launch.port), Health::Ready { .. }));

    // Another process would find the same through the state file.
    let second = Llama::new(state.path().to_path_buf()).up(&launch, &mut |_| ()).unwrap();
    assert!(!second.just_started);
    assert_eq!(second.ours.as_ref(), Some(&ours));
    assert_eq!(llama.status(launch.port).unwrap().ours.as_ref(), Some(&ours));

    // From a folder that knows nothing of it, it is used but not stopped.
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = Llama::new(elsewhere.path().to_path_buf());
    assert_eq!(stranger.up(&launch, &mut |_| ()).unwrap().ours, None);
    let error = stranger.down(launch.port).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(LlamaProblem::NotOurs { .. })));
    assert!(ours.process.runs());

    assert_eq!(llama.down(launch.port).unwrap(), Stopped::Ended(ours.clone()));
    assert!(!ours.process.runs());
    assert_eq!(health(launch.port), Health::Absent);
    assert_eq!(llama.down(launch.port).unwrap(), Stopped::NothingRan);
}

#[test]
fn a_broken_model_is_told_with_the_last_lines_of_the_log() {
    let state = tempfile::tempdir().unwrap();
    let llama = Llama::new(state.path().to_path_buf());
    let model = state.path().join("broken.gguf");
    std::fs::write(&model, "this is no model").unwrap();
    let launch = Launch { model, ..launch(free_port(), 1024) };
    let error = llama.up(&launch, &mut |_| ()).unwrap_err();
    match error.downcast_ref() {
        Some(LlamaProblem::Died { lines, log, .. }) => {
            assert!(lines.iter().any(|line| line.contains("broken.gguf")), "{lines:?}");
            assert!(log.is_file());
        }
        _ => panic!("{error}"),
    }
    assert_eq!(llama.status(launch.port).unwrap().ours, None);
}

#[test]
fn a_port_in_use_and_a_missing_program_say_what_to_type() {
    let state = tempfile::tempdir().unwrap();
    let llama = Llama::new(state.path().to_path_buf());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Accepts and closes: no model server.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let launch = Launch {
        server: Server { program: Some(PathBuf::from("/nonexistent/llama-server")), package: None },
        model: PathBuf::from("unused.gguf"),
        port,
        ctx: 512,
        threads: 1,
        ready_within: Duration::from_secs(1),
    };
    let taken = llama.up(&launch, &mut |_| ()).unwrap_err();
    assert!(matches!(taken.downcast_ref(), Some(LlamaProblem::PortTaken { .. })), "{taken}");
    assert_eq!(taken.hint(Lang::En).unwrap(), format!("rag llama up --port {}", port + 1));
    let missing = llama.up(&Launch { port: free_port(), ..launch }, &mut |_| ()).unwrap_err();
    assert!(matches!(missing.downcast_ref(), Some(LlamaProblem::NoProgram { .. })), "{missing}");
}
