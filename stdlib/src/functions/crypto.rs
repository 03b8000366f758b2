//! `crypto`: digests. The package is not in the original.

use sha2::Digest;

use crate::catalog::FunctionDef;

use super::declare::table;
use super::encoding::hex_encode;

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "crypto":
        md5, "func(data str) str", "The MD5 digest in hexadecimal digits. It protects against nothing; use it where others do. \
                Not in the original.",
            |data: &[u8]| digest::<md5::Md5>(data), r#"crypto.md5("")"# => r#""d41d8cd98f00b204e9800998ecf8427e""#;
        sha1, "func(data str) str", "The SHA-1 digest in hexadecimal digits. It protects against nothing; use it where others do. \
                Not in the original.",
            |data: &[u8]| digest::<sha1::Sha1>(data), r#"crypto.sha1("")"# => r#""da39a3ee5e6b4b0d3255bfef95601890afd80709""#;
        sha256, "func(data str) str", "The SHA-256 digest in hexadecimal digits. Not in the original.",
            |data: &[u8]| digest::<sha2::Sha256>(data),
            r#"crypto.sha256("")"# => r#""e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#;
        sha384, "func(data str) str", "The SHA-384 digest in hexadecimal digits. Not in the original.",
            |data: &[u8]| digest::<sha2::Sha384>(data),
            r#"crypto.sha384("")"# => r#""38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b""#;
        sha512, "func(data str) str", "The SHA-512 digest in hexadecimal digits. Not in the original.",
            |data: &[u8]| digest::<sha2::Sha512>(data),
            r#"crypto.sha512("")"# => r#""cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e""#;
    }
}

fn digest<D: Digest>(data: &[u8]) -> String {
    hex_encode(&D::digest(data))
}

#[cfg(test)]
mod tests {
    use super::super::testing::call;

    #[test]
    fn digests_of_abc() {
        for (name, digest) in [
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "sha256",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ] {
            let found = call(&format!("crypto.{name}"), &["abc".into()]);
            assert_eq!(found, Ok(digest.into()), "{name}");
        }
        for (name, length) in [("sha384", 96), ("sha512", 128)] {
            let found = call(&format!("crypto.{name}"), &["abc".into()]).unwrap();
            assert_eq!(found.as_str().unwrap().len(), length);
        }
    }
}
