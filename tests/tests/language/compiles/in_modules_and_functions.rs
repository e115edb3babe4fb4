use sagaflow::prelude::*;

mod steps {
    use sagaflow::prelude::*;

    #[step]
    pub(crate) async fn double(number: u64) -> Result<u64, Failure> {
        Ok(number * 2)
    }

    pub(super) mod inner {
        #[sagaflow::step]
        pub(in super::super) async fn triple(number: u64) -> u64 {
            number * 3
        }
    }
}

#[saga]
async fn by_path(number: u64) -> Result<u64, Failure> {
    let number = steps::double(number).await?;
    Ok(steps::inner::triple(number).await)
}

#[test]
fn compiles() {
    use steps::double;

    #[step]
    async fn local(number: u64) -> u64 {
        number
    }

    #[saga]
    async fn within(number: u64) -> Result<u64, Failure> {
        let number = double(number).await?;
        Ok(local(number).await)
    }

    let _ = (Client::start::<by_path>, Client::start::<within>);
}

struct Doubler<T>(T);

/// A method may have sagas of its own: they stand in a function, and not in the `impl`.
impl<T> Doubler<T>
where
    T: Send,
{
    fn starts(&self)
    where
        T: Sync,
    {
        #[step]
        async fn local(number: u64) -> u64 {
            number
        }

        #[saga]
        async fn within(number: u64) -> Result<u64, Failure> {
            Ok(local(number).await)
        }

        let _ = (Client::start::<within>, &self.0);
    }
}

#[test]
fn compiles_in_a_method() {
    Doubler(1).starts();
}
