//! `aliasctl exec`: a statement, or a file of statements and of commands that say what they mean.

use aliasd_client::{Client, Statement, ValueMap};

use super::answer::Printer;
use crate::arguments::Exec;
use crate::command_error::CommandError;
use crate::parameter;
use crate::password::read_text;
use crate::script::{self, Next, Parameters, Text, items};

pub(crate) async fn run(command: Box<Exec>) -> Result<(), CommandError> {
    let mut parameters = Parameters::new(parameter::collect(&command.parameters)?);
    let script = match &command.file {
        Some(path) => Some(read_text("script", path)?),
        None => None,
    };
    let client = command.connection.client()?;
    let mut printer = Printer::new(command.format);
    if let Some(statement) = &command.statement {
        return one(&client, &command, statement, parameters.values(), &mut printer).await;
    }
    for item in items(script.as_ref().map_or("", |script| script.as_str())) {
        let result = match item.text {
            Text::Statement { text, .. } => {
                one(&client, &command, text, parameters.values(), &mut printer).await.map(|()| Next::GoOn)
            }
            Text::Command(text) => script::command(text, &mut parameters),
        };
        let result = result.map_err(|failure| match &command.file {
            Some(path) => failure.at(format!("{}:{}", path.display(), item.line)),
            None => failure,
        });
        if result? == Next::Leave {
            break;
        }
    }
    Ok(())
}

async fn one(
    client: &Client,
    command: &Exec,
    text: &str,
    parameters: &ValueMap,
    printer: &mut Printer,
) -> Result<(), CommandError> {
    let statement = Statement::new(text).parameters(parameters.clone()).freshness(command.freshness);
    printer.show(client.execute(statement).await?, None).await
}
