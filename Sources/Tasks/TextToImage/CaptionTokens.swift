internal import Torch

/// Captions as a text encoder takes them: a beginning, questions where there are some, and words.
struct CaptionTokens {
  static let (filling, beginning, first): (Int64, Int64, Int64) = (0, 1, 2)

  /// `int64 [N, L]`.
  let places: Tensor
  /// `[N, L]`, 1 for what is said.
  let mask: Tensor

  /// - Parameters:
  ///   - captions: places in the vocabulary.
  ///   - questions: how many precede the words.
  /// - Precondition: a caption has no more words than L, less the beginning and the questions.
  init(_ captions: [[Int]], length: Int, questions: Int = 0) throws {
    let start = [Self.beginning] + (0..<questions).map { Self.first + Int64($0) }
    let (tokens, shown) = captions.reduce(into: ([Int64](), [Float]())) { all, words in
      let known = start.count + words.count
      all.0 += start + words.map { Self.first + Int64(questions + $0) }
      all.0 += [Int64](repeating: Self.filling, count: length - known)
      all.1 += (0..<length).map { $0 < known ? 1 : 0 }
    }
    places = try Tensor(tokens, shape: [captions.count, length])
    mask = try Tensor(shown, shape: [captions.count, length])
  }
}
