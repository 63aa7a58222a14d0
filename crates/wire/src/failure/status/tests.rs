use std::time::Duration;

use super::*;

/// One error with everything in it, per class.
fn full(class: Class) -> Failure {
    Failure {
        class,
        code: "ALIAS_EXISTS".to_owned(),
        message: "Database name or alias 'schöne-welt' already exists.".to_owned(),
        hint: "IF NOT EXISTS makes this no error.".to_owned(),
        gqlstatus: vec!["42001".to_owned(), "42N11".to_owned()],
        neo4j_code: "Neo.ClientError.Database.ExistingDatabaseFound".to_owned(),
        grpc_code: GrpcCode::AlreadyExists,
        leader: Some(Leader { node_id: 3, client_address: "c.example:7680".to_owned() }),
        retry_after: Some(Duration::from_millis(250)),
        resume_revision: Some(u64::MAX),
        position: Some(TextPosition { offset: 8, line: 2, column: 3 }),
    }
}

#[test]
fn every_class_survives_the_wire() {
    for class in Class::ALL {
        let error = full(class);
        assert_eq!(Failure::from_status(&error.to_status()), error);
    }
}

#[test]
fn an_error_with_nothing_optional_survives_the_wire() {
    let error = Failure::retry_here("NO_LEADER", "No leader is known.");
    assert_eq!(Failure::from_status(&error.to_status()), error);
}

#[test]
fn statuses_of_others_are_taken_for_the_transport() {
    let broken = Failure::from_status(&Status::unavailable("connection reset"));
    assert_eq!((broken.class, broken.code.as_str()), (Class::OutcomeUnknown, TRANSPORT));

    let unknown_call = Failure::from_status(&Status::unimplemented("no such method"));
    assert_eq!(unknown_call.class, Class::Rejected);

    let foreign = ErrorDetails::with_error_info("QUOTA", "example.com", HashMap::new());
    let foreign = Status::with_error_details(tonic::Code::ResourceExhausted, "too much", foreign);
    assert_eq!(Failure::from_status(&foreign).code, TRANSPORT);

    let damaged = Status::with_details(tonic::Code::NotFound, "?", vec![0xff; 7].into());
    assert_eq!(Failure::from_status(&damaged).code, TRANSPORT);
}

#[test]
fn a_class_of_the_future_is_an_unknown_outcome() {
    let metadata = HashMap::from([(CLASS.to_owned(), "ASK_AGAIN_TOMORROW".to_owned())]);
    let details = ErrorDetails::with_error_info("NEW", DOMAIN, metadata);
    let error = Failure::from_status(&Status::with_error_details(tonic::Code::Unknown, "?", details));
    assert_eq!(error.class, Class::OutcomeUnknown);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let message = "ö".repeat(TEXT_LENGTH_MAX);
    let status = Failure::bug(message).with_hint("h".repeat(TEXT_LENGTH_MAX)).to_status();
    assert!(status.message().len() <= TEXT_LENGTH_MAX);
    assert!(status.message().ends_with("ö…"));
    assert_eq!(Failure::from_status(&status).hint.len(), TEXT_LENGTH_MAX);
}
