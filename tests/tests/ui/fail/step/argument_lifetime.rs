use sagaflow::prelude::*;

#[step]
async fn greet<'a>(name: std::borrow::Cow<'a, str>) -> String {
    name.into_owned()
}

fn main() {}
