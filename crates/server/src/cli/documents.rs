//! Realm documents that the command line names.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use palatine_admin_api::document::SourceFile;

use crate::refusal::Refusal;

/// The path that stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// The files, those in the folders, and the standard input.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Refusal> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            files.push(SourceFile::at("standard-input", standard_input()?));
            continue;
        }
        for path in documents_at(path)? {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            files.push(SourceFile::at(path, text));
        }
    }
    Ok(files)
}

/// A file itself; of a folder, its .yaml and .yml files by name.
fn documents_at(path: &Path) -> Result<Vec<PathBuf>, Refusal> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, error))?;
    let mut documents = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| unreadable(path, error))?.path();
        if file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            documents.push(file);
        }
    }
    if documents.is_empty() {
        let nothing = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no .yaml file in this folder");
        return Err(unreadable(path, nothing));
    }
    documents.sort();
    Ok(documents)
}

fn standard_input() -> Result<String, Refusal> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(unreadable(Path::new("standard input"), error)),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Refusal {
    Refusal::File { path: path.to_owned(), verb: "read", error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_documents_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "notes.txt"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = documents_at(folder.path()).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.yml", "b.yaml"]);
    }

    #[test]
    fn a_missing_file_and_an_empty_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = documents_at(folder.path()).unwrap_err().to_string();
        assert!(refusal.contains("there is no .yaml file in this folder"), "{refusal}");
        let refusal = read(&[folder.path().join("missing.yaml")]).unwrap_err().to_string();
        assert!(refusal.contains("missing.yaml cannot be read"), "{refusal}");
    }
}
