//! The build profiles of the workspace's manifest: libraries are built as a release builds them, without debug
//! assertions, so that what passes the tests and what is shown in the demo holds in a release too. A simulator has them on as
//! a whole, in a profile of its own: there it is a finding if one fails.

/// The profile of every library in a development build.
const LIBRARIES: &str = r#"[profile.dev.package."*"]"#;

/// Settings by which a library's debug assertions would be on in one build and off in another.
pub(crate) fn violations(manifest: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut section = "";
    let mut are_off = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let setting = line.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        if let Some(("debug-assertions", value)) = setting
            && section.starts_with("[profile.")
        {
            let is_library = section.contains(".package.");
            if is_library && !value.starts_with("false") || section.starts_with("[profile.release") {
                out.push(format!("{section} sets debug-assertions = {value}"));
            }
            are_off |= section == LIBRARIES && value.starts_with("false");
        }
    }
    if !are_off {
        out.push(format!("{LIBRARIES} does not say debug-assertions = false"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_assertions_of_a_library_are_found() {
        let off = format!("{LIBRARIES}\ndebug-assertions = false\n");
        assert!(violations(&off).is_empty());
        assert_eq!(violations("[profile.dev]\ndebug-assertions = false").len(), 1);
        assert_eq!(violations(&format!("{LIBRARIES}\nopt-level = 1\n[profile.dev.package.x]")).len(), 1);
        assert_eq!(violations(&format!("{off}[profile.dev.package.openraft]\ndebug-assertions = true")).len(), 1);
        assert_eq!(violations(&format!("{off}[profile.release]\ndebug-assertions = true")).len(), 1);
    }
}
