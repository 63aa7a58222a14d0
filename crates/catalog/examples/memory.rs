//! How much memory a catalog takes per remote alias and per remembered request. Linux only.
//!
//! `cargo run --release -p aliasd-catalog --example memory`

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a program, which asks the system and prints"
)]

use std::sync::Arc;

use aliasd_catalog::{
    Alias, AliasKind, AliasName, Catalog, CatalogName, CypherVersion, DriverSettings, Effect, KeyId, Record, RecordKey,
    RemoteAlias, RemoteLogin, RemoteUrl, RemoteUserName, RequestId, RequestRecord, Revision, SealedSecret, Stamp,
    Timestamp, ValueMap,
};

const COUNT: u64 = 100_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut catalog = Catalog::default();
    let before = resident_bytes()?;
    for index in 0..COUNT {
        let name = AliasName::new(&format!("team-{index:06}-orders"))?;
        assert!(catalog.restore(RecordKey::Alias(name), Record::Alias(Arc::new(alias(index)?))));
    }
    let with_aliases = resident_bytes()?;
    for index in 0..COUNT {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&index.to_be_bytes());
        let outcome = Ok(Effect { system_updates: 1, notifications: Vec::new() });
        let request = Arc::new(RequestRecord { applied: stamp(index), outcome, owner: None });
        assert!(catalog.restore(RecordKey::Request(RequestId(id)), Record::Request(request)));
    }
    let with_requests = resident_bytes()?;
    println!("{} bytes per remote alias", (with_aliases - before) / COUNT);
    println!("{} bytes per remembered request", (with_requests - with_aliases) / COUNT);
    println!("digest {}", catalog.digest());
    Ok(())
}

/// An alias as it comes out of the store: nothing shared with another.
fn alias(index: u64) -> Result<Alias, Box<dyn std::error::Error>> {
    let remote = RemoteAlias {
        database: CatalogName::new("orders")?,
        url: RemoteUrl::new(&format!("neo4j+s://dbms-{index:06}.example.org:7687"))?,
        login: RemoteLogin::Stored {
            user: RemoteUserName::new("reporting")?,
            credential: SealedSecret {
                key_id: KeyId([1; 16]),
                nonce: [2; 12],
                ciphertext: Arc::from([3_u8; 32]),
                alias_id: None,
            },
        },
        driver: DriverSettings::default(),
        default_language: Some(CypherVersion::Cypher5),
    };
    let kind = AliasKind::Remote(remote);
    Ok(Alias { kind, composite: None, properties: ValueMap::new(), created: stamp(index), modified: stamp(index) })
}

fn stamp(index: u64) -> Stamp {
    Stamp { revision: Revision(index), time: Timestamp(index) }
}

/// What the operating system has given this process, in pages of 4096 bytes.
fn resident_bytes() -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = status.split_whitespace().nth(1).ok_or("statm has a second number")?.parse()?;
    Ok(pages * 4096)
}
