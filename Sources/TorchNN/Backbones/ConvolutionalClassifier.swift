public import Torch

/// Features of a small picture, and a score for each class: convolutions of half the size after each other, residual
/// blocks between, the mean over what is left.
public final class ConvolutionalClassifier: Module {
  /// What it is made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    public var pictureChannels: Int
    /// Of each level; every level halves the sides.
    public var channels: [Int]
    /// Residual blocks of a level.
    public var blocks: Int
    public var classes: Int

    public init(pictureChannels: Int, channels: [Int], blocks: Int, classes: Int) {
      self.pictureChannels = pictureChannels
      self.channels = channels
      self.blocks = blocks
      self.classes = classes
    }
  }

  public let configuration: Configuration
  public let down: [Conv2d]
  public let body: [ResidualBlock]
  public let head: Linear

  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    var width = configuration.pictureChannels
    var (down, body): ([Conv2d], [ResidualBlock]) = ([], [])
    for (level, next) in configuration.channels.enumerated() {
      // The first looks at more, for it sees the picture alone.
      let kernel = level == 0 ? 5 : 3
      down.append(
        try Conv2d(
          width, next, kernel: kernel, stride: 2, padding: kernel / 2, initialization: .normal(gain: 1)))
      body += try (0..<configuration.blocks).map { _ in try ResidualBlock(channels: next) }
      width = next
    }
    self.down = down
    self.body = body
    head = try Linear(width, configuration.classes, isZero: true)
  }

  /// `[N, C, H, W]` over −1…1 to `[N, channels.last]`.
  public func features(_ x: Tensor) throws -> Tensor {
    // A network has a level at least.
    try levels(x)[configuration.channels.count - 1].mean([2, 3])
  }

  /// What each level sees, `[N, its channels, its height, its width]`, all at least 0, of `[N, C, H, W]` over −1…1 of any size.
  public func levels(_ x: Tensor) throws -> [Tensor] {
    var stream = x
    return try down.enumerated().map { level, convolution in
      stream = try convolution(stream).to(.float32).relu()
      for index in 0..<configuration.blocks {
        stream = try body[level * configuration.blocks + index](stream)
      }
      return try stream.relu()
    }
  }

  /// Scores before the softmax, `[N, classes]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try head(features(x)) }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    body.flatMap { [$0.conv1.weight, $0.conv2.weight] } + down.dropFirst().map(\.weight)
  }
}

extension ConvolutionalClassifier.Configuration {
  /// Whether it can be a network, and one of a size that memory can be taken for.
  public var isPlausible: Bool {
    (1...1024).contains(pictureChannels) && (1...100_000).contains(classes)
      && (1...6).contains(channels.count) && (0...16).contains(blocks)
      && channels.allSatisfy { (1...1024).contains($0) }
  }
}
