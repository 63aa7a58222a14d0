//! The proxy before each member: every byte between members, and between clients and members, goes through it.
//!
//! One listener stands for the members' port of a member, one for the clients'. Who dials is told by the address that it
//! dials from: each member's connections come from a loopback address of its own (`shim.c` sees to that). TLS goes through as
//! it is, so that what is turned over in it must be noticed by those who speak it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::links::{Direction, LinkId, Links, Treatment, Way};
use crate::dice::Dice;

/// The most that is read at once, and how many such pieces are under way in one direction.
const PIECE_BYTES: usize = 16 * 1024;
const PIECES_UNDER_WAY: usize = 16;
/// How late a piece is that was lost and sent again, as systems do it.
const RESENT_AFTER_MS: std::ops::Range<u64> = 200..1000;
/// How much of each direction of a connection is kept to be searched, and of all together.
const CAPTURED_BYTES: u64 = 64 * 1024;
const CAPTURED_BYTES_ALL: u64 = 64 * 1024 * 1024;

/// The loopback address that a member dials from.
pub(super) fn source_of(member: u64) -> Ipv4Addr {
    Ipv4Addr::new(127, 77, 0, u8::try_from(member).expect("clusters of tests are small"))
}

fn member_at(source: IpAddr) -> Option<u64> {
    match source {
        IpAddr::V4(address) => match address.octets() {
            [127, 77, 0, member] => Some(u64::from(member)),
            _ => None,
        },
        IpAddr::V6(_) => None,
    }
}

/// What the connections of a proxy share.
#[derive(Clone)]
pub(super) struct Proxies {
    links: Links,
    dice: Arc<Mutex<Dice>>,
    captures: PathBuf,
    captured: Arc<AtomicU64>,
}

/// A listener before a port of a member.
pub(super) struct Proxy {
    // Its connections end with it.
    _tasks: JoinSet<()>,
}

// === impl Proxies ===

impl Proxies {
    /// Captured bytes go to files in the directory `captures`.
    pub(super) fn new(links: Links, dice: Dice, captures: &Path) -> Self {
        Self { links, dice: Arc::new(Mutex::new(dice)), captures: captures.to_path_buf(), captured: Arc::default() }
    }

    /// Listens at `address` for what is meant for `target`, which belongs to `member`.
    pub(super) async fn before(&self, member: u64, address: &str, target: SocketAddr) -> Result<Proxy> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen at {address}"))?;
        let shared = self.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                // An error is that of one connection, or passes.
                let Ok((stream, source)) = listener.accept().await else { continue };
                while connections.try_join_next().is_some() {}
                let link = member_at(source.ip())
                    .map_or(LinkId::Client { to: member }, |from| LinkId::Peer { from, to: member });
                let shared = shared.clone();
                connections.spawn(async move { shared.serve(link, stream, source.ip(), target).await });
            }
        });
        Ok(Proxy { _tasks: tasks })
    }

    async fn serve(&self, link: LinkId, dialler: TcpStream, source: IpAddr, target: SocketAddr) {
        let Some(connection) = self.links.connect(link) else {
            reset(&dialler);
            return;
        };
        match dial(source, target).await {
            Ok(member) => self.carry(link, connection, dialler, member).await,
            // Nobody listens there.
            Err(_) => reset(&dialler),
        }
        self.links.disconnect(connection);
    }

    async fn carry(&self, link: LinkId, connection: u64, dialler: TcpStream, member: TcpStream) {
        for stream in [&dialler, &member] {
            let _ = stream.set_nodelay(true);
        }
        let ((dialler_reads, dialler_writes), (member_reads, member_writes)) =
            (dialler.into_split(), member.into_split());
        let there = self.pump(link, connection, Direction::There, dialler_reads, member_writes);
        let back = self.pump(link, connection, Direction::Back, member_reads, dialler_writes);
        // One side that closes its direction still reads the other; a failure ends both.
        tokio::pin!(there, back);
        let ended = tokio::select! {
            result = &mut there => (result, Direction::There),
            result = &mut back => (result, Direction::Back),
        };
        if let (Ok(()), direction) = ended {
            let _ = match direction {
                Direction::There => back.await,
                Direction::Back => there.await,
            };
        }
    }

    /// Carries one direction to its end. An error means that the connection is to be reset, which has been done.
    async fn pump(
        &self,
        link: LinkId,
        connection: u64,
        direction: Direction,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
    ) -> io::Result<()> {
        let (send, mut receive) = mpsc::channel::<(Instant, Vec<u8>)>(PIECES_UNDER_WAY);
        let mut capture = self.capture(link, connection, direction).await;
        let reader = &mut from;
        let reading = async move {
            loop {
                let mut piece = vec![0; PIECE_BYTES];
                let length = self.unless_reset(connection, direction, reader.read(&mut piece)).await??;
                if length == 0 {
                    return Ok(());
                }
                piece.truncate(length);
                if let Some(capture) = &mut capture {
                    capture.take(&piece).await;
                }
                let way = self.way(connection, direction)?;
                let due = self.due(&way, &mut piece)?;
                if send.send((due, piece)).await.is_err() {
                    return Ok(());
                }
            }
        };
        let writing = async {
            while let Some((due, piece)) = receive.recv().await {
                sleep_until(due).await;
                self.until_heard(connection, direction).await?;
                if let Some(rate) = self.way(connection, direction)?.bytes_per_second {
                    sleep(Duration::from_secs_f64(piece.len() as f64 / rate as f64)).await;
                }
                to.write_all(&piece).await?;
                self.links.carried(connection, piece.len() as u64);
            }
            to.shutdown().await
        };
        let result = tokio::try_join!(reading, writing).map(drop);
        if result.is_err() {
            reset(from.as_ref());
            reset(to.as_ref());
        }
        result
    }

    /// When a piece arrives. Turns over a bit of it, or fails, if that is its fate.
    fn due(&self, way: &Way, piece: &mut [u8]) -> io::Result<Instant> {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        let mut happens = |per_mille: u64| per_mille > 0 && dice.pick(0..1000) < per_mille;
        if happens(way.resets_per_mille) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let (lost, flipped) = (happens(way.lost_per_mille), happens(way.flipped_per_mille));
        let mut wait = way.delay;
        if let Some(jitter) = u64::try_from(way.jitter.as_millis()).ok().filter(|jitter| *jitter > 0) {
            wait += Duration::from_millis(dice.pick(0..jitter));
        }
        if lost {
            wait += Duration::from_millis(dice.pick(RESENT_AFTER_MS));
        }
        if flipped {
            let at = usize::try_from(dice.pick(0..piece.len() as u64)).unwrap_or_default();
            piece[at] ^= 1 << dice.pick(0..8);
        }
        Ok(Instant::now() + wait)
    }

    fn way(&self, connection: u64, direction: Direction) -> io::Result<Way> {
        match self.links.treatment(connection, direction) {
            Treatment::Carry(way) => Ok(way),
            Treatment::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }

    /// Waits while nothing arrives in this direction.
    async fn until_heard(&self, connection: u64, direction: Direction) -> io::Result<()> {
        let mut changes = self.links.changes();
        while self.way(connection, direction)?.silent {
            if changes.changed().await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Awaits, but not beyond a reset.
    async fn unless_reset<T>(
        &self,
        connection: u64,
        direction: Direction,
        what: impl Future<Output = T>,
    ) -> io::Result<T> {
        let mut changes = self.links.changes();
        tokio::pin!(what);
        loop {
            self.way(connection, direction)?;
            tokio::select! {
                done = &mut what => return Ok(done),
                changed = changes.changed() => if changed.is_err() { return Ok(what.await) },
            }
        }
    }

    async fn capture(&self, link: LinkId, connection: u64, direction: Direction) -> Option<Capture> {
        let path = self.captures.join(format!("{link}-{connection}-{direction:?}"));
        // What cannot be captured cannot be searched; the search says how many files it read.
        let file = File::create(path).await.ok()?;
        Some(Capture { file, left: CAPTURED_BYTES, all: Arc::clone(&self.captured) })
    }
}

/// The beginning of what a connection carried in one direction.
struct Capture {
    file: File,
    left: u64,
    all: Arc<AtomicU64>,
}

impl Capture {
    async fn take(&mut self, piece: &[u8]) {
        let length = self.left.min(piece.len() as u64);
        if length == 0 || self.all.fetch_add(length, Ordering::Relaxed) >= CAPTURED_BYTES_ALL {
            return;
        }
        self.left -= length;
        let _ = self.file.write_all(&piece[..usize::try_from(length).unwrap_or_default()]).await;
        let _ = self.file.flush().await;
    }
}

/// From where the dialler comes from, so that the member counts its connections as its own.
async fn dial(source: IpAddr, target: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if source.is_ipv4() {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(target).await
}

/// The connection ends with a reset when it is dropped.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}
