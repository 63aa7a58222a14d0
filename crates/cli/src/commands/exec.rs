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
        refuse_what_belongs_in_a_file(statement)?;
        return one(&client, &command, statement, parameters.values(), &mut printer).await;
    }
    let script = script.as_ref().map_or("", |script| script.as_str());
    let items = items(script);
    for (number, item) in items.iter().enumerate() {
        let result = match item.text {
            Text::Statement { text, .. } => {
                one(&client, &command, text, parameters.values(), &mut printer).await.map(|()| Next::GoOn)
            }
            Text::Command(text) => script::command(text, &mut parameters),
            Text::Unclosed(_) => Err(script::refuse_unclosed(script, item)),
        };
        let result = result.map_err(|failure| script::at(failure, command.file.as_deref(), script, &items[number..]));
        if result? == Next::Leave {
            break;
        }
    }
    Ok(())
}

/// An argument is one statement. What other programs take there is told from one that is wrong.
fn refuse_what_belongs_in_a_file(statement: &str) -> Result<(), CommandError> {
    match statement.trim() {
        "-" => Err(CommandError::local("'-' is no statement", "Standard input is run with `--file -`.")),
        text if text.starts_with(':') => Err(CommandError::local(
            "a command that begins with a colon is no statement",
            "It may stand in a file: --file.",
        )),
        _ => Ok(()),
    }
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
