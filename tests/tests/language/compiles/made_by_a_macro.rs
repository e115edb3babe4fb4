use sagaflow::prelude::*;

macro_rules! steps {
    ($($name:ident: $ty:ty),*) => {
        $(
            #[step]
            async fn $name(value: $ty) -> Result<$ty, Failure> {
                Ok(value)
            }
        )*
    };
}

steps!(number: u64, text: String, numbers: Vec<u64>);

#[saga]
async fn all(start: u64) -> Result<String, Failure> {
    let first = number(start).await?;
    let all = numbers(vec![first]).await?;
    text(format!("{all:?}")).await
}

#[test]
fn compiles() {
    let _ = Client::start::<all>;
}
