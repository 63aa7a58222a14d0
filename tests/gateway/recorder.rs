//! What stands before a gateway and records every byte that it sends to its clients.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;

/// Where clients connect. It records as long as the process lives.
pub(crate) struct Recorder {
    /// `host:port`.
    pub(crate) address: String,
}

impl Recorder {
    /// Passes everything on to `to` and back; what comes back is kept in files in a directory, one for each connection.
    pub(crate) fn start(to: &str, directory: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        std::fs::create_dir_all(directory)?;
        let (to, directory) = (to.to_owned(), directory.to_owned());
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let file = directory.join(format!("{number}"));
                // An error here is a connection that is closed, which the client sees.
                let _ = client.map_err(anyhow::Error::from).and_then(|client| pass(client, &to, file));
            }
        });
        Ok(Self { address })
    }
}

fn pass(client: TcpStream, to: &str, file: PathBuf) -> Result<()> {
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let file = OpenOptions::new().create_new(true).append(true).open(file)?;
    thread::spawn(move || {
        let _ = record(server, client, file);
    });
    Ok(())
}

fn record(mut from: TcpStream, mut to: TcpStream, mut file: File) -> std::io::Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = from.read(&mut bytes)?;
        if read == 0 {
            return to.shutdown(Shutdown::Write);
        }
        file.write_all(&bytes[..read])?;
        to.write_all(&bytes[..read])?;
    }
}
