public import Torch

/// One scale of a multi-scale model: a trunk of residual blocks over a grid, and a head that is told the class at each
/// place.
public final class ScaleNetwork: Module {
  public let first: Conv2d
  /// `[C, H, W]`: what is usual at each place.
  public let position: Parameter
  public let body: [ResidualBlock]
  /// To the head's units; the class enters there, so that the trunk serves all classes.
  public let context: Conv2d
  /// `[K, head · H · W]`: what is usual for a class at each place.
  public let label: Parameter
  public let middle: Conv2d
  public let last: Conv2d
  private let shape: [Int]

  public init(
    inputs: Int, channels: Int, blocks: Int, head: Int, height: Int, width: Int, condition: Int, outputs: Int
  ) throws {
    first = try Conv2d(inputs, channels, kernel: 3, initialization: .normal(gain: 0.7))
    position = try Parameter([channels, height, width], .normal(deviation: 0.05))
    body = try (0..<blocks).map { _ in try ResidualBlock(channels: channels) }
    context = try Conv2d(channels, head, kernel: 1, initialization: .normal(gain: 0.7))
    label = try Parameter([condition, head * height * width], .normal(deviation: 0.02))
    middle = try Conv2d(head, head, kernel: 1, initialization: .zero)
    last = try Conv2d(head, outputs, kernel: 1, initialization: .normal(gain: 0.2))
    shape = [head, height, width]
  }

  public func features(_ x: Tensor) throws -> Tensor {
    var stream = try first(x).to(.float32) + position.value
    for block in body { stream = try block(stream) }
    return try context(stream).to(.float32)
  }

  /// - Parameters:
  ///   - features: `[B, head, H, W]`.
  ///   - global: `[B, K]`.
  public func parameters(_ features: Tensor, global: Tensor) throws -> Tensor {
    let usual = try global.matmul(label.value).reshaped([features.shape[0]] + shape)
    let hidden = try (features + usual).relu()
    return try last((hidden + middle(hidden).to(.float32)).relu()).to(.float32)
  }
}

/// A network for each scale of a multi-scale model.
public final class ScaleNetworks: Module {
  /// What they are made of; stored beside the weights.
  public struct Configuration: Codable, Sendable, Equatable {
    /// Of the picture.
    public var height: Int
    public var width: Int
    public var squeezes: Int
    /// Of each scale, from fine to coarse.
    public var channels: [Int]
    public var blocks: [Int]
    public var head: Int
    public var condition: Int
    /// Components of each number's mixture.
    public var components: Int

    public init(
      height: Int, width: Int, squeezes: Int, channels: [Int], blocks: [Int], head: Int, condition: Int,
      components: Int
    ) {
      self.height = height
      self.width = width
      self.squeezes = squeezes
      self.channels = channels
      self.blocks = blocks
      self.head = head
      self.condition = condition
      self.components = components
    }
  }

  public let configuration: Configuration
  public let scales: [ScaleNetwork]

  /// - Precondition: there are channels and blocks for `squeezes + 1` scales.
  public init(_ configuration: Configuration) throws {
    self.configuration = configuration
    let squeezes = configuration.squeezes
    scales = try (0...squeezes).map { scale in
      let level = min(scale + 1, squeezes)
      return try ScaleNetwork(
        // Values, whether they are black, whether they are seen, which are wanted.
        inputs: 4 * (scale < squeezes ? 4 : 1), channels: configuration.channels[scale],
        blocks: configuration.blocks[scale], head: configuration.head, height: configuration.height >> level,
        width: configuration.width >> level, condition: configuration.condition,
        outputs: 3 * configuration.components)
    }
  }

  /// The weights of the hidden layers, for optimisers that treat them as matrices.
  public var hiddenWeights: [Parameter] {
    scales.flatMap { scale in
      scale.body.flatMap { [$0.conv1.weight, $0.conv2.weight] } + [scale.context.weight, scale.middle.weight]
    }
  }
}
