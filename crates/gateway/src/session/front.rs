//! The client's end of a session: its bytes, in both directions.
//!
//! Every wait here can be given up without losing a byte, so that a session can wait for its client and for others at once.

use std::io;
use std::time::Duration;

use aliasd_bolt::{AnswerError, Limits, Response, ServerAction, ServerConnection, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::time::timeout;

use crate::remote::Stream;

/// How much is read at once, in bytes.
const READ_BYTES: usize = 16 * 1024;
/// A client that has said so much and was not answered is not listened to for a while.
const BACKLOG_BYTES_MAX: usize = 256 * 1024;
/// While so much waits to be sent, no more rows are fetched.
const UNSENT_BYTES_MAX: usize = 256 * 1024;
/// How long the last words of a connection may take, and its client to close it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a session cannot go on with what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disturbance {
    /// The client asked for that, with RESET.
    Interrupted,
    /// There is no client any more.
    Gone,
}

/// A client's connection.
pub(super) struct Front {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    pub(super) server: ServerConnection,
    input: Vec<u8>,
    unsent: Vec<u8>,
    /// How much of it was sent.
    sent: usize,
    /// What was written may still be in a buffer of TLS.
    needs_flush: bool,
    /// How often something was received.
    receipts: u64,
}

impl Front {
    /// Behind the handshake, of which `rest` was left.
    pub(super) fn new(stream: Stream, version: Version, limits: Limits, rest: &[u8]) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        let mut server = ServerConnection::new(version, limits);
        server.receive(rest);
        let (input, unsent) = (vec![0; READ_BYTES], Vec::new());
        Self { reader, writer, server, input, unsent, sent: 0, needs_flush: false, receipts: 0 }
    }

    /// Answers what is being performed. An answer that the client's version cannot express is a fault.
    pub(super) fn answer(&mut self, response: &Response) {
        match self.server.answer(response) {
            // The client has said GOODBYE meanwhile.
            Ok(()) | Err(AnswerError::NothingAsked) => {}
            Err(error) => {
                tracing::error!(error = aliasd_client::error_chain(&error), "an answer cannot be given");
                let fault = crate::failure::fault("The answer holds a value that this version of Bolt does not have.");
                // It holds texts only.
                let _ = self.server.answer(&Response::Failure(fault));
            }
        }
    }

    /// How often something was received.
    pub(super) fn receipts(&self) -> u64 {
        self.receipts
    }

    /// Whether so much waits to be sent that nothing should be added for now.
    pub(super) fn is_full(&self) -> bool {
        self.unsent.len() - self.sent + self.server.output_bytes() > UNSENT_BYTES_MAX
    }

    /// Sends or receives some bytes, whichever can be done first.
    ///
    /// # Errors
    /// The client has closed the connection, or it broke.
    pub(super) async fn turn(&mut self) -> io::Result<()> {
        self.collect();
        let is_unsent = self.sent < self.unsent.len();
        let is_heard = self.server.backlog_bytes() < BACKLOG_BYTES_MAX;
        if !is_unsent && !self.needs_flush && !is_heard {
            return std::future::pending().await;
        }
        let (writer, unsent) = (&mut self.writer, &self.unsent[self.sent..]);
        let sending = async {
            if is_unsent { writer.write(unsent).await.map(Some) } else { writer.flush().await.map(|()| None) }
        };
        tokio::select! {
            biased;
            sent = sending, if is_unsent || self.needs_flush => match sent? {
                Some(0) => return Err(io::ErrorKind::WriteZero.into()),
                Some(sent) => {
                    self.sent += sent;
                    self.needs_flush = true;
                    if self.sent == self.unsent.len() {
                        (self.unsent, self.sent) = (Vec::new(), 0);
                    }
                }
                None => self.needs_flush = false,
            },
            read = self.reader.read(&mut self.input), if is_heard => match read? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    self.receipts += 1;
                    self.server.receive(&self.input[..read]);
                }
            },
        }
        Ok(())
    }

    /// Does some work, and meanwhile sends and receives. What the client asks waits until it is done.
    ///
    /// # Errors
    /// The client is gone. The work is given up then.
    pub(super) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Disturbance> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                turned = self.turn() => turned.map_err(|_| Disturbance::Gone)?,
            }
        }
    }

    /// Does some work for the request that is being performed, and meanwhile sends and receives.
    ///
    /// # Errors
    /// The client interrupts, or is gone. The work is given up then.
    pub(super) async fn undisturbed<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Disturbance> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                turned = self.turn() => {
                    turned.map_err(|_| Disturbance::Gone)?;
                    self.disturbance()?;
                }
            }
        }
    }

    /// Whether the client wants what is being performed to stop. Something has to be: what is next would be lost otherwise.
    pub(super) fn disturbance(&mut self) -> Result<(), Disturbance> {
        match self.server.next_action() {
            Some(ServerAction::Interrupt) => Err(Disturbance::Interrupted),
            Some(ServerAction::Close(_)) => Err(Disturbance::Gone),
            // Nothing else is handed out while something is performed.
            Some(ServerAction::Perform(_)) | None => Ok(()),
        }
    }

    /// Sends what is left to send and closes the connection. The client has a moment to read it: an end that comes with bytes
    /// unread would make its system throw away what it was sent.
    pub(super) async fn close(mut self) {
        let farewell = async {
            self.collect();
            self.writer.write_all(&self.unsent[self.sent..]).await?;
            self.writer.shutdown().await?;
            while self.reader.read(&mut self.input).await? > 0 {}
            io::Result::Ok(())
        };
        // Whatever comes of it, the connection is closed.
        let _ = timeout(FAREWELL, farewell).await;
    }

    /// Takes over what the protocol has to say.
    fn collect(&mut self) {
        if self.server.output_bytes() > 0 {
            let output = self.server.take_output();
            if self.sent == self.unsent.len() {
                (self.unsent, self.sent) = (output, 0);
            } else {
                self.unsent.extend_from_slice(&output);
            }
        }
    }
}
