//! `golang/math/rand`: random numbers, new ones at each look (functions.md §11.2.3).

use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};

use crate::catalog::{CallError, FunctionDef};

use super::super::declare::snapshots;

pub(crate) fn all() -> Vec<FunctionDef> {
    snapshots! { "golang/math/rand":
        exp_float_64, "func() float", "A number from the exponential distribution of rate 1.",
            |_| rand::rng().sample::<f64, _>(Exp1);
        float_64, "func() float", "A number from 0 up to but not including 1.",
            |_| rand::rng().random::<f64>();
        int, "func() int", "An int that is not negative.",
            |_| non_negative();
        int_63, "func() int", "An int that is not negative.",
            |_| non_negative();
        int_63_n, "func(n int) int", "An int from 0 up to but not including n.",
            |_, n: i64| below(n), catches "there is no random number from 0 up to N";
        intn, "func(n int) int", "An int from 0 up to but not including n.",
            |_, n: i64| below(n), catches "there is no random number from 0 up to N";
        norm_float_64, "func() float", "A number from the normal distribution of mean 0 and deviation 1.",
            |_| rand::rng().sample::<f64, _>(StandardNormal);
        read, "func(p str) int", "The number of bytes of the string, which is all that can be told of so many random bytes.",
            |_, p: &[u8]| p.len() as i64;
    }
}

fn non_negative() -> i64 {
    (rand::rng().next_u64() >> 1) as i64
}

fn below(n: i64) -> Result<i64, CallError> {
    if n <= 0 {
        return Err(CallError::catchable(format!(
            "there is no random number from 0 up to {n}"
        )));
    }
    Ok(rand::rng().random_range(0..n))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use crate::value::Value;

    #[test]
    fn numbers_are_new_and_everywhere() {
        let floats = |name: &str| -> Vec<f64> {
            let mut floats: Vec<f64> = (0..2000)
                .map(|_| call(name, &[]).unwrap().as_float().unwrap())
                .collect();
            floats.sort_by(f64::total_cmp);
            floats
        };
        // The median of each distribution; ten deviations of it are less than the tolerance.
        for (name, median, tolerance) in [
            ("golang/math/rand.float_64", 0.5, 0.12),
            (
                "golang/math/rand.exp_float_64",
                std::f64::consts::LN_2,
                0.25,
            ),
            ("golang/math/rand.norm_float_64", 0.0, 0.3),
        ] {
            let floats = floats(name);
            assert!((floats[1000] - median).abs() < tolerance, "{name}");
        }
        let normal = floats("golang/math/rand.norm_float_64");
        assert!(normal[0] < -1.0 && normal[1999] > 1.0);
        for (name, args) in [
            ("golang/math/rand.int", vec![]),
            ("golang/math/rand.int_63", vec![]),
            ("golang/math/rand.intn", vec![Value::Int(i64::MAX)]),
            ("golang/math/rand.int_63_n", vec![Value::Int(i64::MAX)]),
        ] {
            let (one, other) = (call(name, &args).unwrap(), call(name, &args).unwrap());
            assert_ne!(one, other, "{name}");
            assert!(one.as_int() >= Some(0), "{name}");
        }
    }

    #[test]
    fn edges_of_ranges() {
        for name in ["golang/math/rand.intn", "golang/math/rand.int_63_n"] {
            assert_eq!(call(name, &[1.into()]), Ok(Value::Int(0)));
            for n in [-1, i64::MIN] {
                let error = caught(call(name, &[n.into()]));
                assert_eq!(error, format!("there is no random number from 0 up to {n}"));
            }
        }
        for (bytes, len) in [(&b""[..], 0), (b"\xff\0a", 3)] {
            let read = call("golang/math/rand.read", &[bytes.to_vec().into()]);
            assert_eq!(read, Ok(Value::Int(len)));
        }
    }

    #[test]
    fn numbers_stay_in_their_range() {
        for _ in 0..100 {
            let int = |name: &str, args: &[Value]| call(name, args).unwrap().as_int().unwrap();
            assert!(int("golang/math/rand.int_63", &[]) >= 0);
            assert!((0..3).contains(&int("golang/math/rand.intn", &[3.into()])));
            let float = call("golang/math/rand.float_64", &[]).unwrap();
            assert!((0.0..1.0).contains(&float.as_float().unwrap()));
            let float = call("golang/math/rand.exp_float_64", &[]).unwrap();
            assert!(float.as_float().unwrap() >= 0.0);
        }
        for name in ["golang/math/rand.intn", "golang/math/rand.int_63_n"] {
            assert!(caught(call(name, &[0.into()])).ends_with("from 0 up to 0"));
        }
    }
}
