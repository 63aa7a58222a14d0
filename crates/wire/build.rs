//! Compiles every `.proto` file of the workspace without a system `protoc`.
//!
//! Writes the generated modules, the descriptor set for server reflection, and, for every message with
//! a field marked `debug_redact`, a `Debug` that does not print it and a `Drop` that wipes it.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor, Value};

/// Clients and servers are compiled for who asks for them; messages always are.
const GRPC: &str = "#[cfg(feature = \"grpc\")]";

fn main() -> Result<(), Box<dyn Error>> {
    // Asked for when it runs: checkouts that share a target directory share the compiled script too.
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let redacted = Redacted::find(&compiler.descriptor_pool());
    fs::write(out.join("redacted.rs"), redacted.implementations)?;

    tonic_prost_build::configure()
        .btree_map(".")
        .skip_debug(redacted.paths)
        .client_mod_attribute(".", GRPC)
        .server_mod_attribute(".", GRPC)
        .include_file("modules.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// Adds every `.proto` file below `directory` to `files`.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// The types whose derived `Debug` is replaced, and the replacements.
#[derive(Default)]
struct Redacted {
    /// Full protobuf names of the messages, as prost matches them.
    paths: Vec<String>,
    /// Rust source with one `impl Debug` for each of them.
    implementations: String,
}

impl Redacted {
    fn find(pool: &DescriptorPool) -> Self {
        let mut redacted = Self::default();
        for message in pool.all_messages() {
            if message.fields().any(|field| is_secret(&field)) {
                redacted.add(&message);
            }
        }
        redacted
    }

    /// prost skips the `Debug` of a message and of its oneofs together, so both are replaced.
    fn add(&mut self, message: &MessageDescriptor) {
        assert!(message.parent_message().is_none(), "{}: secrets only in top-level messages", message.full_name());
        self.paths.push(format!(".{}", message.full_name()));
        let package = message.package_name().replace('.', "::");

        self.open(&format!("{package}::{}", message.name()));
        let _ = writeln!(self.implementations, "        f.debug_struct({:?})", message.name());
        for field in message.fields().filter(|field| oneof_of(field).is_none()) {
            let name = field.name();
            let value = if is_secret(&field) { "REDACTED".to_owned() } else { format!("self.{name}") };
            let _ = writeln!(self.implementations, "            .field({name:?}, &{value})");
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            let name = oneof.name();
            let _ = writeln!(self.implementations, "            .field({name:?}, &self.{name})");
        }
        self.implementations.push_str("            .finish()\n    }\n}\n");

        self.wipe(message, &format!("{package}::{}", message.name()));

        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            self.open(&format!("{package}::{}::{}", snake(message.name()), camel(oneof.name())));
            self.implementations.push_str("        match self {\n");
            for variant in oneof.fields() {
                let name = camel(variant.name());
                let (binding, value) = if is_secret(&variant) { ("_", "REDACTED") } else { ("value", "value") };
                let _ = writeln!(
                    self.implementations,
                    "            Self::{name}({binding}) => f.debug_tuple({name:?}).field(&{value}).finish(),"
                );
            }
            self.implementations.push_str("        }\n    }\n}\n");
        }
    }

    /// Wipes the secret texts of a message when it is dropped. Only the public surface carries secrets
    /// in clear; what is stored is sealed or hashed.
    fn wipe(&mut self, message: &MessageDescriptor, type_path: &str) {
        let wiped = |field: &FieldDescriptor| {
            is_secret(field) && field.kind() == Kind::String && !field.is_list() && oneof_of(field).is_none()
        };
        let fields: Vec<_> = message.fields().filter(wiped).collect();
        if message.package_name() != "aliasd.v1" || fields.is_empty() {
            return;
        }
        let _ = writeln!(self.implementations, "impl Drop for {type_path} {{\n    fn drop(&mut self) {{");
        for field in fields {
            let _ = writeln!(self.implementations, "        ::zeroize::Zeroize::zeroize(&mut self.{});", field.name());
        }
        self.implementations.push_str("    }\n}\n");
    }

    fn open(&mut self, type_path: &str) {
        let _ = writeln!(
            self.implementations,
            "impl ::core::fmt::Debug for {type_path} {{\n    \
             fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{"
        );
    }
}

/// Whether the field is marked `[debug_redact = true]`.
fn is_secret(field: &FieldDescriptor) -> bool {
    field.options().get_field_by_name("debug_redact").is_some_and(|value| *value == Value::Bool(true))
}

/// The oneof that the field is a variant of; `optional` fields are in one only on paper.
fn oneof_of(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field.containing_oneof().filter(|oneof| !oneof.is_synthetic())
}

/// `list_value` to `ListValue`, as prost names variants.
fn camel(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect()
}

/// `ListValue` to `list_value`, as prost names modules.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
