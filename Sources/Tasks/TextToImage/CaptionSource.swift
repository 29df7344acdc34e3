internal import Torch

/// Pictures and captions that a model of captions learns from.
protocol CaptionSource: Sendable {
  /// Of a picture: 3, or 4 with alpha.
  var channels: Int { get }
  var side: Int { get }
  var vocabulary: CaptionVocabulary { get }
  /// How many values each attribute has that the encoder is asked for; nil for none.
  var attributes: [Int]? { get }
  /// What is drawn from where no caption is given; nil where the model's kind knows that itself.
  var captions: [String]? { get }

  /// One for each row of a noise.
  func samples(_ noise: BatchNoise, _ part: CaptionPart) throws -> CaptionedSamples
}

/// What pictures and captions are for.
enum CaptionPart: Sendable {
  case training
  /// Not trained on.
  case watched
  /// What the pictures' mean and deviation are taken of.
  case scale
}

struct CaptionedSamples {
  /// `[N, C, side, side]` over 0…1.
  let x: Tensor
  /// Places in the vocabulary.
  let words: [[Int]]
  /// Of the scores that the encoder gives the attributes; nil where there are none.
  var attributeLoss: (([Tensor]) throws -> Tensor)?
}
