//! `aliasctl exec`: statements, one or a file of them.

use aliasd_client::{Client, Statement};
use aliasd_cypher::split_statements;

use super::answer::Printer;
use crate::arguments::Exec;
use crate::command_error::CommandError;
use crate::parameter;
use crate::password::read_text;

pub(crate) async fn run(command: Box<Exec>) -> Result<(), CommandError> {
    let parameters = parameter::collect(&command.parameters)?;
    let script = match (&command.file, &command.statement) {
        (Some(path), _) => Some(read_text("script", path)?),
        _ => None,
    };
    let pieces: Vec<(&str, usize)> = match (&script, &command.statement) {
        (Some(script), _) => split_statements(script).map(|(text, position)| (text, position.line)).collect(),
        (None, Some(statement)) => vec![(statement, 1)],
        (None, None) => Vec::new(),
    };
    let client = command.connection.client()?;
    let mut printer = Printer::new(command.format);
    for (text, line) in pieces {
        let statement = Statement::new(text).parameters(parameters.clone()).freshness(command.freshness);
        let result = one(&client, statement, &mut printer).await;
        result.map_err(|failure| match &command.file {
            Some(path) => failure.at(format!("{}:{line}", path.display())),
            None => failure,
        })?;
    }
    Ok(())
}

async fn one(client: &Client, statement: Statement, printer: &mut Printer) -> Result<(), CommandError> {
    printer.show(client.execute(statement).await?, None).await
}
