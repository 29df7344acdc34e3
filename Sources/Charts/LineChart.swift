/// Curves over two axes.
public struct LineChart: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public var x: Double
    public var y: Double
    /// Standard error of y, drawn as a bar to either side; nil for none.
    public var error: Double?

    public init(_ x: Double, _ y: Double, error: Double? = nil) {
      (self.x, self.y, self.error) = (x, y, error)
    }
  }

  public struct Curve: Sendable, Equatable {
    /// Several of one name have one line in the legend.
    public var name: String
    /// From left to right, or along a path.
    public var points: [Point]
    /// A level to compare with, or another reading of what has the same colour.
    public var isDashed: Bool
    /// Place of its colour in `LineChart.colours`; curves that belong together have the same.
    public var colour: Int

    public init(_ name: String, _ points: [Point], colour: Int, isDashed: Bool = false) {
      (self.name, self.points, self.colour, self.isDashed) = (name, points, colour, isDashed)
    }
  }

  public enum Format: String, Sendable, CaseIterable {
    case png, svg
  }

  /// How an axis is divided.
  public enum Scale: Sendable, Equatable {
    case linear
    /// Numbers above 0; others are left out.
    case logarithmic
  }

  public var title: String
  /// What is along an axis, with its unit.
  public var horizontal: String
  public var vertical: String
  public var curves: [Curve]
  /// What the vertical axis shows; nil for all that there is.
  public var range: ClosedRange<Double>?
  public var scales: (x: Scale, y: Scale)

  public init(
    _ title: String, horizontal: String, vertical: String, curves: [Curve], range: ClosedRange<Double>? = nil,
    scales: (x: Scale, y: Scale) = (.linear, .linear)
  ) {
    (self.title, self.horizontal, self.vertical) = (title, horizontal, vertical)
    (self.curves, self.range, self.scales) = (curves, range, scales)
  }

  public static func == (a: LineChart, b: LineChart) -> Bool {
    a.title == b.title && a.horizontal == b.horizontal && a.vertical == b.vertical && a.curves == b.curves
      && a.range == b.range && a.scales == b.scales
  }

  /// Red, green and blue over 0…1; told apart by people who see few colours (Okabe & Ito 2008, "Color universal design").
  public static let colours: [(red: Double, green: Double, blue: Double)] = [
    (0, 0.45, 0.70), (0.84, 0.37, 0), (0, 0.62, 0.45), (0.80, 0.47, 0.65), (0.90, 0.62, 0),
    (0.34, 0.71, 0.91),
  ]
}
