//! docs/errors.md also lists the codes that the SDK makes. (Those of the node are in its own test.)

use std::fs;
use std::path::Path;

use aliasd_client::CODES;
use anyhow::{Result, ensure};

#[test]
fn codes_of_the_sdk_are_documented() -> Result<()> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md"))?;
    for code in CODES {
        ensure!(page.contains(&format!("| `{code}` |")), "{code} is not in docs/errors.md");
    }
    Ok(())
}
